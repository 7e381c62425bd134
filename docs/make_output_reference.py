"""Writes docs/output-columns.md: what each column and each field of a run means, from the table
`cellfem.quantities`."""

from collections.abc import Iterable
from pathlib import Path

from cellfem.quantities import COLUMNS, FIELDS, VOID_COLUMNS, unit_of

TARGET = Path(__file__).parent / "output-columns.md"
RECORDS = """# Columns of records.csv

One row for each accepted time step, the start included. The unit ends the name. `summary.json` has
the final, least and largest value of each column under the same name. In a symmetric cell the
columns marked * come a second time with `_2` at the end, for the second electrode. Written by
`python docs/make_output_reference.py`.
"""
VOIDS = """# Columns of voids.csv

A row for each void that is open at a time of output, and for each that opens, merges or closes. A
void that has just closed has the place and size that it was last seen with.
"""
ARRAYS = """# Fields for ParaView

Arrays at the nodes of each block; `output.fields` chooses among them. Some need what they describe
to be modelled: gas in voids, sampled flaws, stress of LLZO, Anand's resistance.
"""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (head, ("---",) * len(head), *rows)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _unit(name: str) -> str:
    return unit_of(name) or "–"


def render() -> str:
    """The whole of output-columns.md."""
    records = (
        (f"`{column.name}`{'*' if column.source == 'electrode' else ''}", _unit(column.name), column.meaning)
        for column in COLUMNS
    )
    voids = ((f"`{column.name}`", _unit(column.name), column.meaning) for column in VOID_COLUMNS)
    fields = ((f"`{field.name}`", _unit(field.name), ", ".join(field.parts), field.meaning) for field in FIELDS)
    head = ("column", "unit", "meaning")
    return "\n".join(
        (
            RECORDS,
            _table(head, records),
            VOIDS,
            _table(head, voids),
            ARRAYS,
            _table(("field", "unit", "blocks", "meaning"), fields),
        )
    )


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
