"""Font cache of matplotlib if its folder is read-only, for example in a container image."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

FOLDER = "MPLCONFIGDIR"


def settle() -> None:
    """Let matplotlib write to a copy of its folder: otherwise it would make an empty one, warn, and
    list all fonts again in each process.

    Call it before matplotlib is imported. The copy is removed when the process ends.
    """
    given = Path(os.environ.get(FOLDER, ""))
    if FOLDER not in os.environ or not given.is_dir() or os.access(given, os.W_OK | os.X_OK):
        return
    own = tempfile.mkdtemp(prefix="cellfem-fonts-")
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    for found in given.glob("*.json"):
        shutil.copyfile(found, Path(own, found.name))
    os.environ[FOLDER] = own
