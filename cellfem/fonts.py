"""Where matplotlib keeps its list of fonts, when the folder that it was given may only be read: in
an image, say."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

FOLDER = "MPLCONFIGDIR"


def settle() -> None:
    """Let matplotlib write into a copy of its folder: it would make an empty one, warn, and list
    all fonts anew in each process.

    To be called before matplotlib is imported. The copy is removed when the process ends.
    """
    given = Path(os.environ.get(FOLDER, ""))
    if FOLDER not in os.environ or not given.is_dir() or os.access(given, os.W_OK | os.X_OK):
        return
    own = tempfile.mkdtemp(prefix="cellfem-fonts-")
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    for found in given.glob("*.json"):
        shutil.copyfile(found, Path(own, found.name))
    os.environ[FOLDER] = own
