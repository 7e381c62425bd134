"""Read a case file with overrides into a checked Case; every error of the file is reported at
once."""

import math
import os
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import TypeAdapter, ValidationError

from cellfem.case.checks import problems
from cellfem.case.errors import CaseError, describe, item_of, parts_of, section_of
from cellfem.case.fields import Section
from cellfem.case.measured_curve import CurveError, read_curve
from cellfem.case.models import Case
from cellfem.case.overrides import apply_override
from cellfem.case.protocol import Step, entry_of
from cellfem.case.ready_mesh import with_sizes
from cellfem.case.size_limits import MOST_BYTES, MOST_ERRORS, UnfitError, parse_toml, unfit
from cellfem.units import as_written, shortened

WITH_FILE = ("mesh", "roughness", "measured")
"""Tables whose `file` is a path relative to the folder of the case."""


def load_case(path: str | Path, overrides: Iterable[str] = ()) -> Case:
    """The case in `path`, a file or a folder with a case.toml, after overrides such as
    `protocol.0.pressure=2 MPa`.

    Lists are counted from 0; paths of files are relative to the folder of the case. Raises
    CaseError with every error of file and overrides.
    """
    file, data = read_data(path)
    errors = [error for text in overrides if (error := apply_override(data, text)) is not None]
    return case_of(data, file, errors)


def read_data(path: str | Path) -> tuple[Path, dict[str, Any]]:
    """The case file, and what it says, unchecked. Raises CaseError where it cannot be read."""
    file = Path(path)
    if os.path.isdir(file):  # is_dir() is False, without an error, for a name that no file can have
        file = file / "case.toml"
    return file, _read(file)


def case_of(data: dict[str, Any], file: Path, errors: Sequence[str] = ()) -> Case:
    """The checked case of what a case file says; paths in it are from the folder of `file`.

    errors: found before. Raises CaseError with all of them.
    """
    data, wrong = with_sizes(with_paths(data, file.parent))
    case, others, more = _check(data)
    if errors or wrong or case is None:
        raise CaseError([*errors, *wrong, *others], file, more)
    named = [(name, getattr(case, name).file) for name in WITH_FILE]
    lost = [
        f"{name}.file: there is no file {as_written(path)}; give its path from the folder of the case"
        for name, path in named
        if path is not None and not os.path.isfile(path)
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
    """The case in a dictionary with the structure of a case file. Raises CaseError with every
    error."""
    case, errors, more = _check(data)
    if case is None:
        raise CaseError(errors, more=more)
    return case


def checked(changed: Section) -> Section:
    """Check a table or case that was changed in Python, as a file is checked. Raises CaseError."""
    if isinstance(changed, Case):
        return parse_case(changed.as_written())
    try:
        return type(changed).model_validate(changed.as_written())
    except ValidationError as error:
        errors, more = describe(error)
        raise CaseError(errors, more=more) from error


Section.checked = staticmethod(checked)


def _read(file: Path) -> dict[str, Any]:
    name = shortened(str(file), 300)
    try:
        with file.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise UnfitError(f"has more than {MOST_BYTES // 1_000_000} MB; no case file needs that")
        return parse_toml(raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n"))
    except FileNotFoundError as error:
        raise CaseError([f"{name}: there is no such case file; give a case.toml or the folder that holds it"], file) from error
    except tomllib.TOMLDecodeError as error:
        text = f"{name}: is not valid TOML: {error}; text needs quotes, every key a line `key = value`"
        raise CaseError([text], file) from error
    except UnicodeDecodeError as error:
        raise CaseError([f"{name}: is not UTF-8 text: {error}; save it as UTF-8"], file) from error
    except UnfitError as error:
        raise CaseError([f"{name}: {error}"], file) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise CaseError([f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}"], file) from error


def with_paths(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What a case file in `folder` says, with paths of files in full."""
    for name in WITH_FILE:
        table = data.get(name)
        if isinstance(table, dict) and isinstance(table.get("file"), str):
            data = data | {name: table | {"file": _resolved(folder / table["file"])}}
    return data


def _resolved(path: Path) -> str:
    """The absolute path; unchanged if no file can have that name, which the check reports."""
    try:
        return str(path.resolve())
    except (OSError, ValueError, RuntimeError):  # name too long, contains NUL, or circular links
        return str(path)


def _check(data: dict[str, Any]) -> tuple[Case | None, list[str], int]:
    """The case, if there are no errors; the errors, and the number of further errors."""
    if wrong := list(unfit(data)):
        return None, wrong, 0
    try:
        case = Case.model_validate(data)
    except ValidationError as error:
        errors, more = describe(error)
        if len(errors) == MOST_ERRORS:  # further checks would report nothing more
            return None, errors, more
        return None, [*errors, *problems(cast(Case, _partial(Case, data)))], more
    errors = problems(case)
    return (None if errors else case), errors, 0


def _partial(model: type[Section], data: object) -> Section:
    """The section as far as it is valid; invalid values become nan."""
    table = data if isinstance(data, dict) else None
    return model.model_construct(**{name: _partial_value(model, name, table) for name in model.model_fields})


def _partial_row(model: type[Section], data: object) -> Section:
    try:
        return model.model_validate(data)
    except ValidationError:
        return _partial(model, data)


def _partial_value(model: type[Section], name: str, table: dict[str, Any] | None) -> Any:
    field = model.model_fields[name]
    if (row := section_of(item_of(field.annotation))) is not None:
        rows = table.get(name, ()) if table is not None else ()
        if not isinstance(rows, list | tuple):
            return ()
        return tuple(_partial_row(entry_of(entry) if name == "protocol" and row is Step else row, entry) for entry in rows)
    if table is None or (name not in table and (field.is_required() or field.default_factory_takes_validated_data)):
        return math.nan
    value = table[name] if name in table else field.get_default(call_default_factory=True)
    section = section_of(field.annotation)
    if section is not None and (isinstance(value, dict) or parts_of(field.annotation) == [section]):
        return value if isinstance(value, Section) else _partial(section, value)
    try:
        return _adapter(model, name).validate_python(value)
    except ValidationError:
        return math.nan


@cache
def _adapter(model: type[Section], name: str) -> TypeAdapter[Any]:
    """Validator of the values of this key alone."""
    field = model.model_fields[name]
    whole: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    return TypeAdapter(whole)
