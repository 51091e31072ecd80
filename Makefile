# make run     the app at http://127.0.0.1:7860          make demo      mask a photo and look at out/demo
# make test    all tests                                 make bench     measured numbers of the README
# make lint    format, lint and types                    make pictures  pictures of the README
# make neural  packages of the photoreal engines: 1.2 GB, more for NVIDIA cards
#
# The first call makes .venv and installs everything into it; needs Python 3.11 or 3.12 with pip.
# PYTHON=/path/to/python chooses an interpreter, ARGS="--port 8000" is passed on.

VENV := .venv
BIN  := $(VENV)/bin
ARGS :=

.PHONY: run test demo bench lint pictures neural clean

run: $(VENV)/installed
	$(BIN)/deepmask app $(ARGS)

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest $(ARGS)

demo: $(VENV)/installed
	$(BIN)/deepmask demo -o out/demo --overwrite $(ARGS)

bench: $(VENV)/installed
	$(BIN)/python -m benchmarks $(ARGS)

pictures: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks.pictures $(ARGS)

neural: $(VENV)/installed-neural

lint: $(VENV)/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --pythonpath $(BIN)/python

clean:
	rm -rf $(VENV) out build dist

$(VENV)/installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/installed

$(VENV)/installed-neural: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e '.[neural]'
	@touch $@ $(VENV)/installed

$(BIN)/python:
	@for python in $(PYTHON) python3.12 python3.11 python3 python; do \
	    "$$python" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' \
	        2> /dev/null || continue; \
	    echo "Installing with $$("$$python" --version) into $(VENV): a few minutes, once."; \
	    "$$python" -m venv $(VENV) && exit 0; \
	done; \
	echo "Deepmask needs Python 3.11 or 3.12 with venv and pip (Debian, Ubuntu: apt-get install python3-venv;" \
	    "elsewhere: python.org); then try again, or name one with PYTHON=/path/to/python." >&2; exit 1
