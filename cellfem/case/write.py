"""The resolved case as a file, and the JSON schema by which editors check case files."""

from typing import Any

import tomli_w

from cellfem import materials
from cellfem.case.models import LISTS, Case
from cellfem.units import format_quantity


def resolved_toml(case: Case, header: str = "") -> str:
    """The complete case with all defaults and units, as TOML that `load_case` reads back to an equal Case.

    `header` (versions, commit) and the sources of the material parameters go before it as comments.
    """
    text = "".join(f"# {line}".rstrip() + "\n" for line in [*header.splitlines(), *_sources(case)])
    for key, value in case.model_dump(mode="json", exclude_none=True).items():
        if isinstance(value, dict):
            text += f"\n[{key}]\n{_lines(value)}"
        elif key in LISTS:
            text += _tables(key, value)
        else:
            text += _lines({key: value})
    return text


def _tables(key: str, rows: list[dict[str, Any]]) -> str:
    """Rows as [[key]], lists of tables within them as [[key.inner]]."""
    text = ""
    for row in rows:
        inner = {name: value for name, value in row.items() if isinstance(value, list) and isinstance(value[0], dict)}
        text += f"\n[[{key}]]\n{_lines({name: value for name, value in row.items() if name not in inner})}"
        text += "".join(_tables(f"{key}.{name}", value) for name, value in inner.items())
    return text


def _lines(table: dict[str, Any], prefix: str = "") -> str:
    return "".join(
        _lines(value, f"{prefix}{key}.") if isinstance(value, dict) else prefix + tomli_w.dumps({key: value})
        for key, value in table.items()
    )


def _sources(case: Case) -> list[str]:
    creep = case.lithium.creep_set
    law = f"n {creep.n}, Q {format_quantity(creep.Q, 'J/mol')}, A298 {creep.A298!r} 1/s/MPa^n"
    small = {} if case.lithium.size is None else materials.pillars().parameters
    return [
        f"creep {creep.name}: {law} ({creep.quality}); {creep.source}",
        *_listing("lithium", materials.lithium().parameters),
        *_listing("small lithium", small),
        *_listing(case.electrolyte.material, case.electrolyte.properties.parameters),
    ]


def _listing(name: str, parameters: Any) -> list[str]:
    return [f"{name} {key}: {item.text} ({item.quality}); {item.source}" for key, item in parameters.items()]


def json_schema() -> dict[str, Any]:
    """JSON schema (draft 2020-12) of a case file: for checking and completion in editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Case.model_json_schema()}
