"""The version of cellfem that made a result."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def commit() -> str:
    """The commit of the source tree ("+" if it was changed since), that of CELLFEM_COMMIT in a
    container, or "unknown"."""
    given = os.environ.get("CELLFEM_COMMIT")
    if given:
        return given
    tree = Path(__file__).resolve().parent.parent
    try:
        text = subprocess.run(
            ["git", "-C", str(tree), "describe", "--always", "--dirty=+", "--abbrev=12"],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return text.strip()
