"""The pictures of a run as text inside a page, made smaller, within what the page may weigh."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

CAPTIONS = {
    "stack.png": "The stack at the start and at the end",
    "interface.png": "Along the interface",
    "history.png": "Over time",
    "pressed.png": "Pressing",
    "opening.png": "Where contact is lost first",
    "cracks.png": "Tensile stress in LLZO",
    "dendrites.png": "Where dendrites are likely",
    "measured.png": "Measured and computed voltage",
    "spectrum.png": "Impedance",
    "render.png": "The scene",
    "critical_current.png": "Critical current against pressure",
    "curve.png": "What the protocol is about, against pressure",
    "maps.png": "Maps of the sweep",
}
"""Pictures that a report takes along, in this order, where the folder has them."""
COLOURS = 128
"""Of the palette that a picture is reduced to: a third of its bytes, and no difference to the eye."""


@dataclass(frozen=True)
class Picture:
    """caption: of what. uri: the picture itself as a data URI."""

    name: str
    caption: str
    uri: str
    width: int
    height: int


def pictures_of(folder: Path, budget: int) -> tuple[list[Picture], list[str]]:
    """Pictures of a folder within a budget of bytes, and the names of those that found no room."""
    taken: list[Picture] = []
    left: list[str] = []
    for name in _there(folder):
        try:
            picture = _picture(folder / name)
        except (OSError, UnidentifiedImageError):
            continue  # half written by a run at work
        if len(picture.uri) > budget:
            left.append(name)
            continue
        budget -= len(picture.uri)
        taken.append(picture)
    return taken, left


def _there(folder: Path) -> Sequence[str]:
    return [name for name in CAPTIONS if (folder / name).is_file()]


def _picture(path: Path) -> Picture:
    with Image.open(path) as image:
        small = image.convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    written = io.BytesIO()
    small.save(written, format="PNG", optimize=False)
    text = base64.b64encode(written.getvalue()).decode("ascii")
    return Picture(path.name, CAPTIONS[path.name], f"data:image/png;base64,{text}", small.width, small.height)
