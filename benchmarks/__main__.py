"""``python -m benchmarks [SECTION...]``: all sections, or those named.

Each runs in a process of its own, so that neither time nor memory of one is counted for the next.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys

SECTIONS = (
    "app",
    "painter",
    "faces",
    "bodies",
    "media",
    "removal",
    "voice",
    "seals",
    "tags",
    "cloaks",
    "fakes",
    "videos",
    "video_scaling",
)
"""Modules of this package, each with a ``main`` that prints its tables."""


def main() -> int:
    """Run the sections named on the command line, or all."""
    wanted = sys.argv[1:] or list(SECTIONS)
    if unknown := set(wanted) - set(SECTIONS):
        print(f"There is no section {', '.join(sorted(unknown))}; known: {', '.join(SECTIONS)}.", file=sys.stderr)
        return 2
    machine = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    print(machine, flush=True)
    return max(subprocess.run([sys.executable, "-m", f"benchmarks.{name}"]).returncode for name in wanted)


if __name__ == "__main__":
    sys.exit(main())
