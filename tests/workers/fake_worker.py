"""A worker that misbehaves on request; runs with the plain interpreter."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import deepmask.workers.scripts.serving as serving

protocol = os.dup(1)
"""A way around the protection of the protocol, which no library has."""


def echo(params, report):
    return params


def banner(params, report):
    print("a banner from Python", flush=True)
    os.write(1, b"a banner from C\n")
    subprocess.run([sys.executable, "-c", "print('a banner from a child')"], check=True)
    return {"stdin": sys.stdin.read()}


def steps(params, report):
    for n in range(params["count"]):
        report(n / params["count"], f"step {n}")
        time.sleep(params["seconds"])
    return {}


def deaf(params, report):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(params["pids"]).write_text(f"{os.getpid()} {child.pid}")
    time.sleep(600)
    return {}


def crash(params, report):
    sys.stderr.write("the last words\n")
    os._exit(3)


def killed(params, report):
    os.kill(os.getpid(), signal.SIGKILL)


def stopped(params, report):
    os.kill(os.getpid(), signal.SIGSTOP)


def fail(params, report):
    raise serving.Failure("the text is empty.")


def bug(params, report):
    return {"a": 1}["b"]


def garbage(params, report):
    os.write(protocol, params["line"].encode() + b"\n")
    time.sleep(600)


def huge(params, report):
    return {"text": "x" * params["size"]}


def variables(params, report):
    return dict(os.environ)


METHODS = (echo, banner, steps, deaf, crash, killed, stopped, fail, bug, garbage, huge, variables)

if __name__ == "__main__":
    serving.serve("fake", ("pip", "no-such-package"), {method.__name__: method for method in METHODS})
