"""cellfem check: check a case. Nothing is meshed."""

import json
from pathlib import Path
from typing import Annotated

import typer

from cellfem.case import json_schema, resolved_toml
from cellfem.commands.shared import Overrides, load, note
from cellfem.ending import fail


def check(
    case: Annotated[Path | None, typer.Argument(help="A case.toml, or the folder that holds one.", show_default=False)] = None,
    overrides: Overrides = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON schema of case files, for editors.")] = False,
) -> None:
    """Check a case and print it with all defaults; nothing is meshed."""
    if schema:
        print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    elif case is None:
        fail("check needs a case: write cellfem check CASE, or cellfem check --schema")
    else:
        checked = load(case, overrides)
        note(checked)
        print(resolved_toml(checked), end="")
