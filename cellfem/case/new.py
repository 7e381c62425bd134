"""Cases to begin with: a menu of commented templates, written under a name of the user's."""

from __future__ import annotations

import json
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from cellfem.errors import CellfemError
from cellfem.formatting import cannot_write

TITLE = '"@TITLE@"'
"""What stands for the title in a template."""
CASE_FILE = "case.toml"
FIRST = "strip"


class TemplateError(CellfemError):
    """A case cannot be begun; str() says why and what to do."""


def menu() -> dict[str, str]:
    """Templates by name, that of the first case first, and the sentence that each begins with."""
    found = {path.name.removesuffix(".toml"): path.read_text(encoding="utf-8") for path in _folder().iterdir()}
    told = {name: text.splitlines()[0].removeprefix("# ") for name, text in sorted(found.items())}
    return {FIRST: told.pop(FIRST), **told}


def write_new(folder: Path, template: str = FIRST) -> Path:
    """Write a case into a folder, made if missing, whose name is the title; the path of its file.
    Raises TemplateError for an unknown template, and where there is a case already."""
    names = menu()
    if template not in names:
        raise TemplateError(f"{template}: is not a template (there are {', '.join(names)})")
    path = folder / CASE_FILE
    text = _folder().joinpath(f"{template}.toml").read_text(encoding="utf-8")
    title = json.dumps(folder.resolve().name.replace("-", " ").replace("_", " "), ensure_ascii=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text.replace(TITLE, title))
    except FileExistsError as error:
        raise TemplateError(f"{error.filename}: is there already; give another name") from error
    except OSError as error:
        raise TemplateError(cannot_write(error)) from error
    return path


def _folder() -> Traversable:
    return files("cellfem.case").joinpath("templates")
