"""The page: sections filled from what was gathered, by templates, within the weight that mail and
browsers bear."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cellfem
from cellfem.errors import MissingExtraError
from cellfem.report import fields
from cellfem.report.band import band_of, band_over, different
from cellfem.report.figures import Figure, health, history
from cellfem.report.gather import Run, headed, number, words
from cellfem.report.pictures import Picture, pictures_of
from cellfem.report.sweep_map import answers, sweep_map
from cellfem.scene.files import SceneError

EXTRA = "report"
MOST_BYTES = 7_900_000
"""Of the page: under 8 MB, which a mail takes."""
COMPARED = (
    *("pressure_MPa", "current_mA_cm2", "time_s", "capacity_mAh_cm2", "contact_fraction", "carrying_fraction", "voltage_mV"),
    *("asr_ohm_cm2", "asr_small_signal_ohm_cm2", "gap_max_um", "porosity_max"),
)
"""Final values that stand side by side."""
NO_ROOM = "left out, as the page would be larger than 8 MB: make a report of {} alone"


@dataclass
class Weight:
    """Bytes that the page has left, and the figures that found room."""

    left: int
    figures: dict[str, Any] = field(default_factory=dict)

    def take(self, name: str, make: Callable[[], Figure], folder: Path) -> str:
        """Put a figure on the page; "" or why it is not there."""
        try:
            figure = make()
        except SceneError as error:
            return str(error)
        size = len(_json(figure))
        if size > self.left:
            return NO_ROOM.format(folder)
        self.left -= size
        self.figures[name] = figure
        return ""


@dataclass(frozen=True)
class Section:
    """A run on the page. missing: of each figure that is not there, why. pictures, unshown: what
    found room and what did not."""

    run: Run
    band: str
    missing: Mapping[str, str]
    elements: Mapping[str, int]
    pictures: Sequence[Picture]
    unshown: Sequence[str]


def page(folder: Path, runs: Sequence[Run], rows: Sequence[Mapping[str, str]] = ()) -> str:
    """The page of these runs; rows: map.csv, where they are the points of a sweep.

    One run is told at length, several side by side and then each, a sweep by its map. Raises
    MissingExtraError, OSError.
    """
    for library in ("jinja2", "plotly"):
        if find_spec(library) is None:
            raise MissingExtraError("cellfem report", library, EXTRA)
    import jinja2

    plotly = files("plotly").joinpath("package_data/plotly.min.js").read_text(encoding="utf-8")
    own = files("cellfem.report").joinpath("templates")
    style, script = (own.joinpath(name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    weight = Weight(MOST_BYTES - sum(len(part.encode()) for part in (plotly, style, script)) - _words(runs, bool(rows)))
    if rows:
        weight.take("map", lambda: sweep_map(rows, {run.folder.name: run for run in runs}), folder)
    elif len(runs) > 1:
        weight.take("compare", lambda: history(runs), folder)
    told = [] if rows else runs
    drawn = [_drawn(run, k, weight) for k, run in enumerate(told)]
    share = weight.left // max(len(told), 1)
    sections = [Section(run, band_of(run), *figures, *pictures_of(run.folder, share)) for run, figures in zip(told, drawn)]
    pictures, unshown = pictures_of(folder, weight.left) if rows else ([], [])
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("cellfem.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"words": words, "number": number, "headed": headed}
    return environment.get_template("page.html").render(
        title=runs[0].title if len({run.title for run in runs}) == 1 else folder.resolve().name,
        folder=str(folder),
        sections=sections,
        runs=runs,
        rows=rows,
        counts={name: sum(row["verdict"] == name for row in rows) for name in dict.fromkeys(row["verdict"] for row in rows)},
        answers=answers(rows) if rows else [],
        compared=[] if rows else [name for name in COMPARED if any(name in run.final for run in runs)],
        differences=different(runs) if not rows else {},
        band=band_over(runs),
        pictures=pictures,
        unshown=unshown,
        version=cellfem.__version__,
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        year=datetime.now(UTC).year,
        data=_json(weight.figures),
        plotly=plotly,
        style=style,
        script=script,
    )


def _drawn(run: Run, k: int, weight: Weight) -> tuple[dict[str, str], dict[str, int]]:
    makers: dict[str, Callable[[], Figure]] = {
        "history": lambda: history([run]),
        "gamma": lambda: fields.gamma(run.result),
        "health": lambda: health(run),
        "stack": lambda: fields.stack(run.result),
    }
    if not run.rows:
        return dict.fromkeys(makers, "the run has no record yet"), {}
    missing = {name: weight.take(f"{name}-{k}", make, run.folder) for name, make in makers.items()}
    try:
        found = run.result.fields
        return missing, {part: grid.n_cells for part, grid in found.read(found.times[-1]).items() if grid.n_cells}
    except SceneError:
        return missing, {}


def _words(runs: Sequence[Run], is_sweep: bool) -> int:
    """Bytes that the text of the page takes at most, by that of the cases in it."""
    return 60_000 + (0 if is_sweep else sum(30_000 + 2 * len(run.case_text) for run in runs))


def _json(data: Any) -> str:
    """JSON that ends no script element."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
