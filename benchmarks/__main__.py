"""``python -m benchmarks [SECTION...]``: all sections, or those named."""

from __future__ import annotations

import importlib
import os
import platform
import sys

SECTIONS = ("app", "painter", "faces", "media")
"""Modules of this package, each with a ``main`` that prints its tables."""


def main() -> int:
    """Run the sections named on the command line, or all."""
    wanted = sys.argv[1:] or list(SECTIONS)
    if unknown := set(wanted) - set(SECTIONS):
        print(f"There is no section {', '.join(sorted(unknown))}; known: {', '.join(SECTIONS)}.", file=sys.stderr)
        return 2
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores")
    for name in wanted:
        importlib.import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
