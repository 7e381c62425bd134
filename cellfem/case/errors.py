"""What is wrong with a case file, in words: key, value, remedy; one line per error."""

import difflib
import types
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from cellfem.case.fields import Section
from cellfem.case.lithium import CREEP_TAGS, CreepTable
from cellfem.case.models import Case
from cellfem.case.protocol import ENTRY_TAGS
from cellfem.case.size_limits import MOST_ERRORS, bounded, key_text
from cellfem.errors import CellfemError
from cellfem.units import QuantityType, as_written

LONGEST_WORD = 60
"""Characters of a word that may be a misspelt one."""


class CaseError(CellfemError, ValueError):
    """The case cannot be run. str() has one line per error, all errors of the file at once;
    `errors` has them one by one.

    Of very many the first are told, and how many more there are, with `more` that are not among
    `errors`.
    """

    def __init__(self, errors: Sequence[str], path: Path | None = None, more: int = 0) -> None:
        self.errors = tuple(bounded(list(errors), more))
        super().__init__("\n".join(self.errors))
        self.path = path


def quoted(words: Iterable[object]) -> str:
    """Words as they are written in TOML, with commas."""
    return ", ".join(as_written(word) for word in words)


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` most probably means, or None."""
    if len(word) > LONGEST_WORD:
        return None
    names = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), names, n=1)
    return names[near[0]] if near else None


def describe(error: ValidationError) -> tuple[list[str], int]:
    """The errors found by pydantic as `key: what is wrong; remedy`: those that are told, and how
    many more there are."""
    found = [detail for detail in error.errors(include_url=False) if not _is_consequence(detail)]
    return [_line(detail) for detail in found[:MOST_ERRORS]], max(0, len(found) - MOST_ERRORS)


def parts_of(annotation: Any) -> list[Any]:
    """The alternatives of a type: the members of a union, without their Annotated wrappings."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        return [part for member in get_args(annotation) for part in parts_of(member)]
    return [annotation]


def section_of(annotation: Any) -> type[Section] | None:
    """The Section that a value of this type is or may be."""
    return next((part for part in parts_of(annotation) if isinstance(part, type) and issubclass(part, Section)), None)


def item_of(annotation: Any) -> Any:
    """Type of the items of a tuple type, None for other types."""
    return next((get_args(part)[0] for part in parts_of(annotation) if get_origin(part) is tuple), None)


def _is_consequence(detail: ErrorDetails) -> bool:
    """Whether the error only follows from another: a list short of its bad items, a default that
    depends on a bad value."""
    return (detail["type"] == "too_short" and bool(detail["input"])) or detail["type"] == "default_factory_not_called"


def _line(detail: ErrorDetails) -> str:
    path, annotation, field, section = _locate(detail)
    return f"{key_text(path)}: {_what(detail, path, annotation, field, section)}"


def _locate(detail: ErrorDetails) -> tuple[list[str | int], Any, FieldInfo | None, type[Section]]:
    """Path of the error without pydantic's union tags, type and field there, and the section that
    holds it."""
    path: list[str | int] = []
    annotation: Any = Case
    field: FieldInfo | None = None
    holder: type[Section] = Case
    for part in detail["loc"]:
        section = section_of(annotation)
        if (meant := _tagged(annotation, part)) is not None:
            annotation = meant
            continue
        if isinstance(part, int):
            annotation, field = item_of(annotation), None
        elif section is not None and part in section.model_fields:
            field, holder = section.model_fields[part], section
            annotation = field.annotation
        else:
            holder = section or holder
        path.append(part)
    return path, annotation, field, holder


def _tagged(annotation: Any, part: str | int) -> Any:
    """What pydantic's tag `part` stands for, None if it is a key: a user may call a key as a tag is
    called."""
    alternatives = parts_of(annotation)
    if len(alternatives) < 2:
        return None
    if all(entry in alternatives for entry in ENTRY_TAGS.values()):
        return ENTRY_TAGS.get(str(part))
    if CreepTable in alternatives and part in CREEP_TAGS:
        return str if part == CREEP_TAGS[0] else CreepTable
    return None


def _what(detail: ErrorDetails, path: list[str | int], annotation: Any, field: FieldInfo | None, section: type[Section]) -> str:
    value, context = detail["input"], detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            near = closest(str(path[-1]), section.model_fields)
            return "unknown key; " + (f'did you mean "{near}"?' if near else f"known here are {', '.join(section.model_fields)}")
        case "missing":
            key = _key_of(path) if holds_sections(annotation) else str(path[-1])
            return f"is missing; write for example {_example(key, annotation, field)}"
        case "literal_error":
            near = (
                closest(value, [word for word in choices(annotation) if isinstance(word, str)])
                if isinstance(value, str)
                else None
            )
            hint = f'; did you mean "{near}"?' if near else ""
            return f"{as_written(value)} is not one of {quoted(choices(annotation))}{hint}"
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"{as_written(value)} is not a table; write [{path[0]}] and its keys on lines of their own"
        case "tuple_type":
            return _not_a_list(value, _key_of(path) if holds_sections(annotation) else str(path[-1]), annotation, field)
        case "too_short":
            return f"is empty; give at least one {f'[[{_key_of(path)}]]' if holds_sections(annotation) else 'value'}"
        case "greater_than":
            return f"{as_written(value)} is out of range: it must be above {context['gt']}"
        case "greater_than_equal":
            return f"{as_written(value)} is out of range: it must be at least {context['ge']}"
        case "less_than":
            return f"{as_written(value)} is out of range: it must be below {context['lt']}"
        case "less_than_equal":
            return f"{as_written(value)} is out of range: it must be at most {context['le']}"
        case "finite_number":
            return f"{value} is not a finite number"
        case "float_type":
            return f"{as_written(value)} is not a number; write it bare, without quotes and unit"
        case "int_type":
            return f"{as_written(value)} is not a whole number; write it bare, without quotes and decimal point"
        case "bool_type":
            return f"{as_written(value)} is not true or false"
        case "string_type":
            return f"{as_written(value)} is not text; write it in quotes"
        case _:
            return detail["msg"]


def choices(annotation: Any) -> list[Any]:
    """The words (or numbers) that a Literal type allows."""
    return [word for part in parts_of(annotation) if get_origin(part) is Literal for word in get_args(part)]


def holds_sections(annotation: Any) -> bool:
    """Whether the type is a list of tables."""
    return section_of(item_of(annotation)) is not None


def _key_of(path: list[str | int]) -> str:
    """The key of a list of tables as it stands in [[...]]."""
    return ".".join(part for part in path if isinstance(part, str))


def _not_a_list(value: object, key: str, annotation: Any, field: FieldInfo | None) -> str:
    if holds_sections(annotation):
        return f"{as_written(value)} is not a list of tables; write [[{key}]] with double brackets"
    return f"{as_written(value)} is not a list; write for example {_example(key, annotation, field)}"


def _example(key: str, annotation: Any, field: FieldInfo | None) -> str:
    if holds_sections(annotation):
        return f"[[{key}]] and its keys on lines of their own"
    metadata = field.metadata if field else []
    item = item_of(annotation)
    if item is not None:
        words = [_value_example(get_args(item)[1:])] if get_origin(item) is Annotated else [as_written(choices(item)[0])]
        return f"{key} = [{words[0]}]"
    options = choices(annotation)
    if annotation is int:
        return f"{key} = 10"
    return f"{key} = {as_written(options[0]) if options else _value_example(metadata)}"


def _value_example(metadata: Iterable[object]) -> str:
    """An example value from the metadata of a field: that of a quantity, else a plain number."""
    return next((as_written(item.example) for item in metadata if isinstance(item, QuantityType)), "1.0")
