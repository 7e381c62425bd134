"""Writes docs/output-columns.md: what each column of records.csv means."""

from pathlib import Path

from cellfem.observe.columns import OWN
from cellfem.output.column_docs import MEANINGS
from cellfem.output.records import record_columns

TARGET = Path(__file__).parent / "output-columns.md"
INTRODUCTION = """# Columns of records.csv

One row for each accepted time step, the start included. The unit ends the name. `summary.json` has the final,
least and largest value of each column under the same name. In a symmetric cell the columns marked * come a
second time with `_2` at the end, for the second electrode. Written by `python docs/make_output_reference.py`.

| column | meaning |
|---|---|
"""


def render() -> str:
    """The whole of output-columns.md."""
    names = dict.fromkeys((*record_columns(), *record_columns(axisymmetric=True)))
    own = {*OWN, "void_area_um2", "void_volume_um3"}
    rows = (f"| `{name}`{'*' if name in own else ''} | {MEANINGS[name]} |" for name in names)
    return INTRODUCTION + "\n".join(rows) + "\n"


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
