"""A worker may crash, hang, chatter or lie: the user reads one sentence, and the next request is answered."""

import json
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from deepmask.errors import Cancelled, EngineFailed, EngineMissing
from deepmask.workers import client
from deepmask.workers.client import Worker

SCRIPT = Path(__file__).with_name("fake_worker.py")


@pytest.fixture
def make():
    made = []

    def worker(script=SCRIPT, **options):
        made.append(Worker("Fake", Path(sys.executable), script, **options))
        return made[-1]

    yield worker
    for one in made:
        one.close()


@pytest.fixture
def worker(make):
    return make()


def _gone(pid, within_s=5.0):
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


def _works(worker):
    return worker.request("echo", {"word": "hello"}) == {"word": "hello"}


def test_two_requests_are_answered_by_one_process(worker):
    first = worker.request("variables", {})
    assert _works(worker)
    assert worker._connection is not None
    assert worker.versions["pip"] != "absent" == worker.versions["no-such-package"]
    assert worker.request("variables", {}) == first


def test_unicode_survives(worker):
    assert worker.request("echo", {"text": "Größe 你好 \u2028 \n"}) == {"text": "Größe 你好 \u2028 \n"}


def test_banners_do_not_spoil_the_protocol(worker):
    assert worker.request("banner", {}) == {"stdin": ""}
    assert _works(worker)


def test_progress_arrives_in_order(worker):
    told = []
    worker.request("steps", {"count": 4, "seconds": 0.15}, progress=lambda f, m: told.append((f, m)))
    assert "step 2" in dict(map(reversed, told))
    assert told == sorted(told, key=lambda t: t[0])


def test_a_cancellation_is_heeded_and_the_process_lives_on(worker):
    worker.request("echo", {})
    process = worker._connection._process

    def progress(fraction, message):
        if message == "step 2":
            raise Cancelled("stop")

    start = time.monotonic()
    with pytest.raises(Cancelled):
        worker.request("steps", {"count": 100, "seconds": 0.1}, progress=progress)
    assert time.monotonic() - start < 3
    assert _works(worker)
    assert worker._connection._process is process


def test_who_does_not_heed_a_cancellation_is_killed_with_its_children(make, tmp_path):
    worker, pids = make(grace_s=0.3), tmp_path / "pids"

    def progress(fraction, message):
        if pids.exists() and pids.read_text():
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        worker.request("deaf", {"pids": str(pids)}, progress=progress)
    assert all(_gone(int(pid)) for pid in pids.read_text().split())
    assert _works(worker)


def test_a_time_out_ends_it_with_its_children(worker, tmp_path):
    pids = tmp_path / "pids"
    with pytest.raises(EngineFailed, match="longer than 1 seconds"):
        worker.request("deaf", {"pids": str(pids)}, timeout_s=1)
    assert all(_gone(int(pid)) for pid in pids.read_text().split())
    assert _works(worker)


def test_silence_ends_it_though_there_is_time_left(make):
    worker = make(silence_s=1.0)
    worker.request("echo", {})
    with pytest.raises(EngineFailed, match="nothing was heard of it for 1 seconds"):
        worker.request("stopped", {})
    assert _works(worker)


def test_signs_of_life_count_while_there_is_no_progress(make):
    worker = make(silence_s=5.7)
    worker.request("steps", {"count": 1, "seconds": 6.5})


def test_a_crash_is_one_sentence_and_its_last_words_are_logged(worker, caplog):
    with caplog.at_level(logging.WARNING), pytest.raises(EngineFailed, match=r"^Fake was stopped: .*\(code 3\)\.") as e:
        worker.request("crash", {})
    assert "\n" not in str(e.value)
    assert "the last words" in caplog.text
    assert _works(worker)


def test_being_killed_points_at_memory(worker):
    with pytest.raises(EngineFailed, match="lack of memory"):
        worker.request("killed", {})
    assert _works(worker)


def test_what_it_cannot_do_is_passed_on_and_keeps_the_process(worker):
    worker.request("echo", {})
    process = worker._connection._process
    with pytest.raises(EngineFailed, match=r"^Fake could not do this: the text is empty\.$"):
        worker.request("fail", {})
    with pytest.raises(EngineFailed, match="KeyError: 'b'"):
        worker.request("bug", {})
    assert _works(worker)
    assert worker._connection._process is process


@pytest.mark.parametrize(
    "line", ["nonsense", "[1]", '"word"', "{", '{"id": 1, "result": 5}', '{"id": 1, "progress": "x"}']
)
def test_nonsense_is_not_believed(worker, line):
    with pytest.raises(EngineFailed, match=r"was stopped: it (wrote|gave)"):
        worker.request("garbage", {"line": line})
    assert _works(worker)


def test_long_lines_pass_and_endless_ones_do_not(worker):
    assert len(worker.request("huge", {"size": 3_000_000})["text"]) == 3_000_000
    with pytest.raises(EngineFailed, match="not an answer"):
        worker.request("huge", {"size": 17 * 2**20})
    assert _works(worker)


def test_a_script_that_does_not_start_says_so(make, tmp_path):
    script = tmp_path / "broken.py"
    script.write_text("import no_such_module")
    with pytest.raises(EngineFailed, match="ended by itself"):
        make(script).request("echo", {})
    script.write_text("import time; time.sleep(60)")
    with pytest.raises(EngineFailed, match="longer than 1 seconds"):
        make(script, start_s=1.0).request("echo", {})
    script.write_text("import time; print('{\"hello\": 99}', flush=True); time.sleep(60)")
    with pytest.raises(EngineFailed, match="another version"):
        make(script).request("echo", {})


def test_secrets_stay_here(make, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_TOKEN", "hush-hush")
    monkeypatch.setenv("DEEPMASK_PASSPHRASE", "hush-hush")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    seen = make(caches=tmp_path).request("variables", {})
    assert "hush-hush" not in json.dumps(seen)
    assert "PYTHONPATH" not in seen
    assert seen["HF_HUB_OFFLINE"] == "1"
    assert seen["PYANNOTE_METRICS_ENABLED"] == "0"
    assert seen["OMP_NUM_THREADS"] == str(len(os.sched_getaffinity(0)))
    assert seen["HF_HOME"].startswith(str(tmp_path))


def test_requests_of_several_threads_wait_for_each_other(worker):
    answers, waited = [], []
    threads = [
        threading.Thread(
            target=lambda n=n: answers.append(
                worker.request("steps", {"count": 3, "seconds": 0.1}, progress=lambda f, m: waited.append(m))
                or worker.request("echo", {"n": n})["n"]
            )
        )
        for n in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert sorted(answers) == [0, 1, 2]
    assert "Waiting for Fake" in waited


def test_it_is_ended_after_a_while_without_work(make):
    worker = make(idle_s=0.3)
    worker.request("echo", {})
    process = worker._connection._process
    assert _gone(process.pid)
    assert _works(worker)


def test_it_ends_with_us():
    program = (
        "import os, sys; from pathlib import Path; from deepmask.workers.client import Worker;"
        f"w = Worker('Fake', Path(sys.executable), Path({str(SCRIPT)!r})); w.request('echo', {{}});"
        "print(w._connection._process.pid, flush=True); os._exit(1)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert _gone(int(done.stdout))


def test_an_environment_that_is_not_there_names_the_command():
    with pytest.raises(EngineMissing, match="deepmask engines install whisperx"):
        client.worker("whisperx")


def test_files_of_a_request_are_private_and_gone_afterwards():
    with client.private_folder() as folder:
        (folder / "sound.npy").write_bytes(b"x")
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()
