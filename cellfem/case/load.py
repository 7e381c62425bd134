"""From a case file and overrides to a checked Case, with every error of the file at once."""

import math
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from cellfem.case.checks import problems
from cellfem.case.errors import CaseError, describe, item_of, parts_of, section_of
from cellfem.case.fields import Section
from cellfem.case.measured import CurveError, read_curve
from cellfem.case.models import Case
from cellfem.case.overrides import apply_override
from cellfem.case.protocol import Step, entry_of
from cellfem.case.ready import with_sizes

WITH_FILE = ("mesh", "roughness", "measured")
"""Tables whose `file` is a path from the folder of the case."""


def load_case(path: str | Path, overrides: Iterable[str] = ()) -> Case:
    """The case in `path`, a file or a folder with a case.toml, after overrides like `protocol.0.pressure=2 MPa`.

    Lists are counted from 0; paths of files are from the folder of the case. Raises CaseError with every error of file
    and overrides.
    """
    file = Path(path)
    if file.is_dir():
        file = file / "case.toml"
    data = _read(file)
    errors = [error for text in overrides if (error := apply_override(data, text)) is not None]
    data, wrong = with_sizes(_with_paths(data, file.parent))
    case, more = _check(data)
    errors += wrong
    if errors or case is None:
        raise CaseError([*errors, *more], file)
    named = [(name, getattr(case, name).file) for name in WITH_FILE]
    lost = [
        f'{name}.file: there is no file "{path}"; give its path from the folder of the case'
        for name, path in named
        if path is not None and not Path(path).is_file()
    ]
    if lost:
        raise CaseError(lost, file)
    if case.measured.file is not None:
        try:
            read_curve(case.measured)
        except CurveError as error:
            raise CaseError([f"measured.file: {case.measured.file} {error}"], file) from error
    return case


def parse_case(data: dict[str, Any]) -> Case:
    """The case in a dictionary that has the form of a case file. Raises CaseError with every error."""
    case, errors = _check(data)
    if case is None:
        raise CaseError(errors)
    return case


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise CaseError([f"{file}: there is no such case file; give a case.toml or the folder that holds it"], file) from error
    except tomllib.TOMLDecodeError as error:
        text = f"{file}: is not valid TOML: {error}; text needs quotes, every key a line `key = value`"
        raise CaseError([text], file) from error
    except UnicodeDecodeError as error:
        raise CaseError([f"{file}: is not UTF-8 text: {error}; save it as UTF-8"], file) from error
    except OSError as error:
        raise CaseError([f"{file}: cannot be read: {error.strerror}"], file) from error


def _with_paths(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    for name in WITH_FILE:
        table = data.get(name)
        if isinstance(table, dict) and isinstance(table.get("file"), str):
            data = data | {name: table | {"file": str((folder / table["file"]).resolve())}}
    return data


def _check(data: dict[str, Any]) -> tuple[Case | None, list[str]]:
    try:
        case = Case.model_validate(data)
    except ValidationError as error:
        return None, [*describe(error), *problems(cast(Case, _partial(Case, data)))]
    errors = problems(case)
    return (None if errors else case), errors


def _partial(model: type[Section], data: object) -> Section:
    """The section as far as it is valid; a value that is not, is nan."""
    table = data if isinstance(data, dict) else None
    values = {name: _partial_value(field, name, table) for name, field in model.model_fields.items()}
    return model.model_construct(**values)


def _partial_value(field: FieldInfo, name: str, table: dict[str, Any] | None) -> Any:
    item = item_of(field.annotation)
    if (row := section_of(item)) is not None:
        rows = table.get(name, ()) if table is not None else ()
        if not isinstance(rows, list | tuple):
            return ()
        return tuple(_partial(entry_of(entry) if name == "protocol" and row is Step else row, entry) for entry in rows)
    if table is None or (name not in table and (field.is_required() or field.default_factory_takes_validated_data)):
        return math.nan
    value = table[name] if name in table else field.get_default(call_default_factory=True)
    section = section_of(field.annotation)
    if section is not None and (isinstance(value, dict) or parts_of(field.annotation) == [section]):
        return value if isinstance(value, Section) else _partial(section, value)
    try:
        whole: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
        return TypeAdapter[Any](whole).validate_python(value)
    except ValidationError:
        return math.nan
