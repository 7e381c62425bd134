"""docs/case-files.md is what the models of the case say, docs/output-columns.md what the columns
are."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from cellfem.case import parse_case
from cellfem.case.models import Case
from cellfem.case.protocol import Step
from cellfem.case.settings import Numerics
from cellfem.quantities import COLUMNS, FIELDS, VOID_COLUMNS
from cellfem.units import parse_quantity

DOCS = Path(__file__).parents[2] / "docs"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    return script("make_case_reference")


def test_file_is_up_to_date(reference: ModuleType) -> None:
    assert (DOCS / "case-files.md").read_text(encoding="utf-8") == reference.render(), "run python docs/make_case_reference.py"


def test_columns_are_up_to_date_and_each_has_a_meaning() -> None:
    output = script("make_output_reference")
    assert (DOCS / "output-columns.md").read_text(encoding="utf-8") == output.render(), "run python docs/make_output_reference.py"
    for entry in (*COLUMNS, *VOID_COLUMNS, *FIELDS):
        assert f"| `{entry.name}`" in output.render()


def test_every_table_of_a_case_is_there(reference: ModuleType) -> None:
    headings = [heading for heading, _ in reference.tables()]
    assert headings[0] == "Top of the file"
    assert {"`lithium.creep`", "`protocol.stop`", "`[[void]]`", "`[numerics]`"} <= set(headings)
    listed = {heading.strip("`[]") for heading in headings[1:] if "." not in heading}
    assert listed == set(Case.model_fields) - {"title"}


def test_rows_tell_kind_range_and_default(reference: ModuleType) -> None:
    lines = reference.table("", Step) + reference.table("", Numerics)
    rows = {line.split("|")[1].strip(" `"): line for line in lines if line.startswith("| `")}
    assert "pressure, at least 0 MPa and at most 1000 MPa | **required**" in rows["pressure"]
    assert '"strip", "plate", "rest", "press", "hold-voltage" | **required**' in rows["mode"]
    assert 'time, above 0 s and at most 1e9 s | `"0.1 s"`' in rows["dt_initial"]
    assert "whole number, at least 1 and at most 1000 | `80`" in rows["newton_max"]
    assert "| – |" in rows["dt_max"]


def test_example_of_the_introduction_is_a_case(reference: ModuleType) -> None:
    import tomllib

    example = reference.INTRODUCTION.split("```toml\n")[1].split("```")[0]
    assert parse_case(tomllib.loads(example)).steps[0].step.duration == 3600.0
    assert parse_quantity("4 bar", "MPa") == pytest.approx(0.4)
