"""Licences that were accepted: ``<home>/licences.json`` has which, when and by whom."""

from __future__ import annotations

import getpass
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deepmask import config, files
from deepmask.errors import WeightsError
from deepmask.weights.table import Weight


def accepted(row: Weight) -> bool:
    """Whether the user accepted the licence of ``row`` as it stands, or of the set whose folder it shares."""
    given = _read()
    return any(given.get(name, {}).get("licence") == row.licence for name in (row.name, row.shares) if name)


def accept(row: Weight) -> None:
    """Remember that the user accepts the licence of ``row``."""
    given = _read()
    given[row.name] = {
        "licence": row.licence,
        "url": row.licence_url,
        "accepted": datetime.now(UTC).isoformat(timespec="seconds"),
        "by": _who(),
    }
    files.write_text(_path(), json.dumps(given, indent=2, ensure_ascii=False))


def _path() -> Path:
    return config.home() / "licences.json"


def _read() -> dict[str, dict[str, Any]]:
    try:
        given = json.loads(_path().read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise WeightsError(f"{_path()} cannot be read ({error}); remove it and accept the licences again.") from error
    return {name: entry for name, entry in given.items() if isinstance(entry, dict)} if isinstance(given, dict) else {}


def _who() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # an account without a name, as in many containers
        return "unknown"
