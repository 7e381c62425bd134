"""Content of a scene of a run: files, times, windows, exaggeration and colour ranges, from the
files of the run."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import matplotlib
import numpy as np
from numpy.typing import NDArray

from cellfem.case import CaseError, load_case
from cellfem.output.colour_ranges import creep_range, current_top
from cellfem.physics.definitions import VOID_AT
from cellfem.scene.files import SceneError, field_files

Array = NDArray[np.float64]
Kind = Literal["plane", "axisymmetric", "3d"]

CREEP, CURRENT, INDEX, GAP = "creep_rate_1_s", "current_density_mA_cm2", "dendrite_index", "gap_um"
SAMPLED = 6  # times that are read for the colour ranges
STRIP_ASPECT = 3.2  # width over height of the panel that shows the strip around Γ
BAR_SHARE, BAR_SHARE_UP = 0.25, 0.4  # largest length of a scale bar, as a share of the width and of the strip's height
UNIFORM = 1e-3  # relative variation of the index along Γ above which its maximum is marked
SHADES = 24
COLOURS = {"creep": ("GnBu", 0.2, 1.0), "current": ("YlOrRd", 0.08, 1.0), "index": ("plasma", 0.0, 0.92)}
"""matplotlib's colour maps, and the part of each that is used: nothing may look like a void."""


@dataclass(frozen=True)
class SceneSpec:
    """All numbers of a scene; lengths in µm, in true geometry. Last coordinate: height above Γ.

    series: what ParaView opens, in the folder. low, high: corners of the stack. strip: heights
    around Γ, stretched by `exaggeration`. colours: flat lists of (position in [0, 1], r, g, b).
    open_gap: gap above which a place is a void. cut: y of the deepest void, through which a stack
    in 3-D is cut open (at its front side: not cut). bar, bar_up: lengths (µm) of the scale bars
    along Γ, and along the heights of the strip. worst: marked position on Γ, and its description;
    None: none.
    """

    title: str
    folder: str
    series: str
    kind: Kind
    times: tuple[float, ...]
    shown: float
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    strip: tuple[float, float]
    exaggeration: float
    open_gap: float
    creep: tuple[float, float]
    current_top: float
    index_top: float
    cut: float
    bar: float
    bar_up: float
    worst: tuple[tuple[float, float, float], str] | None
    with_flaws: bool
    colours: dict[str, list[tuple[float, float, float, float]]]

    def as_json(self) -> str:
        """JSON for the script that ParaView runs."""
        return json.dumps(asdict(self), ensure_ascii=False, allow_nan=False)


def read_scene_spec(folder: Path, time_s: float | None = None) -> SceneSpec:
    """The scene of a run. time_s: time to show (nearest output); by default the output after the
    largest index, or the last.

    Raises SceneError. Reads at most SAMPLED times.
    """
    files = field_files(folder)
    times = files.times
    shown = _chosen(folder, times, time_s)
    title, axisymmetric, delta = _case(folder)
    some = np.linspace(0, len(times) - 1, min(SAMPLED, len(times))).round().astype(int)
    moments = {time: files.read(time) for time in sorted({*(times[k] for k in some), shown})}
    blocks = {part: [moment[part] for moment in moments.values()] for part in ("lithium", "LLZO", "interface")}
    points = np.concatenate([np.asarray(block.points) for part in ("lithium", "LLZO") for block in blocks[part]])
    low, high = points.min(axis=0), points.max(axis=0)
    kind: Kind = "3d" if np.ptp(points[:, 2]) > 0 else "axisymmetric" if axisymmetric else "plane"
    index = max(
        (float(np.max(b.point_data[INDEX], initial=0.0)) for b in blocks["interface"] if INDEX in b.point_data), default=0.0
    )
    exaggeration, strip = _strip(moments[shown]["interface"], float(high[0] - low[0]), delta, kind)
    return SceneSpec(
        title=title,
        folder=str(folder.resolve()),
        series=files.series,
        kind=kind,
        times=times,
        shown=shown,
        low=_triple(low),
        high=_triple(high),
        strip=strip,
        exaggeration=exaggeration,
        open_gap=VOID_AT * delta,
        creep=_creep_range(blocks["lithium"]),
        current_top=_current_top(blocks["LLZO"]),
        index_top=_round_up(index) if index > 0 else 1.0,
        cut=_deepest(moments[shown]["interface"]),
        bar=_round_down(BAR_SHARE * float(high[0] - low[0])),
        bar_up=_round_down(BAR_SHARE_UP * (strip[1] - strip[0])),
        worst=_worst(moments[shown]["interface"], VOID_AT * delta),
        with_flaws="flaws" in moments[shown],
        colours={name: _shades(*colours) for name, colours in COLOURS.items()},
    )


def _chosen(folder: Path, times: Sequence[float], time_s: float | None) -> float:
    if time_s is not None:
        return min(times, key=lambda time: abs(time - time_s))
    try:
        verdict = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["verdict"]["dendrite"]
    except (OSError, KeyError, TypeError, ValueError):
        return times[-1]  # the run is not over
    if not isinstance(verdict, dict) or not isinstance(verdict.get("time_s"), (int, float)):
        return times[-1]
    # the previous output may still be of stripping, without any index
    return next((time for time in times if time >= float(verdict["time_s"])), times[-1])


def _case(folder: Path) -> tuple[str, bool, float]:
    try:
        case = load_case(folder / "case.resolved.toml")
    except (OSError, CaseError) as error:
        raise SceneError(f"{folder / 'case.resolved.toml'}: cannot be read; a scene needs the folder of a run") from error
    return case.title, case.stack.symmetry == "axisymmetric", case.interface.roughness


def _strip(interface: Any, width: float, delta: float, kind: Kind) -> tuple[float, tuple[float, float]]:
    """Exaggeration, one of 1, 2, 5, 10, …, and the heights shown: for the shallowest void, or the
    deepest if all are similar."""
    gap = np.asarray(interface.point_data[GAP]) if GAP in interface.point_data else np.zeros(interface.n_points)
    depths = _depths(np.asarray(interface.points)[:, 0], gap, VOID_AT * delta) if kind != "3d" else [float(gap.max())]
    deepest = max([*depths, float(gap.max(initial=0.0)), VOID_AT * delta])
    shallowest = min(depths, default=deepest)
    shown = deepest if shallowest > deepest / 3 else max(shallowest, deepest / 8)
    true_height = width / STRIP_ASPECT
    factor = _round_down(max(0.45 * true_height / shown, 1.0))
    height = true_height / factor
    return factor, (-0.3 * height, 0.7 * height)


def _worst(interface: Any, open_gap: float) -> tuple[tuple[float, float, float], str] | None:
    """The place of the largest dendrite index if lithium is plated, otherwise that of the deepest
    void."""
    for name, least, what in ((INDEX, 0.0, "largest dendrite index"), (GAP, open_gap, "deepest void")):
        if name not in interface.point_data or not interface.n_points:
            continue
        values = np.asarray(interface.point_data[name])
        largest = float(values.max())
        if largest > least and np.ptp(values) > UNIFORM * largest:
            return _triple(np.asarray(interface.points)[int(values.argmax())]), what
    return None


def _deepest(interface: Any) -> float:
    """y of the largest gap."""
    if GAP not in interface.point_data:
        return float(np.mean(np.asarray(interface.points)[:, 1]))
    return float(np.asarray(interface.points)[np.argmax(interface.point_data[GAP]), 1])


def _depths(x: Array, gap: Array, open_gap: float) -> list[float]:
    """Depth of each open interval of Γ."""
    order = np.argsort(x)
    is_open = np.concatenate(([False], gap[order] > open_gap, [False])).astype(np.int8)
    starts, ends = (np.flatnonzero(np.diff(is_open) == change) for change in (1, -1))
    return [float(gap[order][a:b].max()) for a, b in zip(starts, ends, strict=True)]


def _creep_range(blocks: Sequence[Any]) -> tuple[float, float]:
    found = [np.asarray(block.point_data[CREEP]) for block in blocks if CREEP in block.point_data]
    return creep_range(np.concatenate(found or [np.zeros(1)]))


def _current_top(blocks: Sequence[Any]) -> float:
    fields = [np.asarray(block.point_data[CURRENT]) for block in blocks if CURRENT in block.point_data]
    return _round_up(current_top(np.concatenate([np.linalg.norm(field, axis=1) for field in fields] or [np.zeros(1)])))


def _round_up(value: float) -> float:
    decade = 10.0 ** math.floor(math.log10(value))
    return next(step * decade for step in (1, 1.5, 2, 3, 5, 7, 10) if step * decade >= value * (1 - 1e-9))


def _round_down(value: float) -> float:
    decade = 10.0 ** math.floor(math.log10(value))
    return max(step for step in (1, 2, 5) if step * decade <= value * (1 + 1e-9)) * decade


def _shades(name: str, low: float, high: float) -> list[tuple[float, float, float, float]]:
    cmap = matplotlib.colormaps[name]
    places = np.linspace(0.0, 1.0, SHADES)
    shades = []
    for place in places:
        red, green, blue, _ = cmap(low + (high - low) * place)
        shades.append((float(place), float(red), float(green), float(blue)))
    return shades


def _triple(values: Array) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return x, y, z
