"""A rough face from an array."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cellfem.case.errors import CaseError
from cellfem.units import QuantityError, format_quantity, parse_quantity, plain_value

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def save_heights(path: str | Path, heights: ArrayLike, *, unit: str, spacing: object, replace: bool = False) -> dict[str, Any]:
    """Write measured or made heights as .npy, and give the [roughness] table that reads them.

        case.replace(roughness=cellfem.save_heights("face.npy", z, unit="nm", spacing="50 nm"))

    heights: (N,) along Γ, or (rows, columns) over it, in `unit` ("m", "mm", "um", "nm", "pm");
    spacing: of the points, with its unit. A file, since a run must be resumable. Raises CaseError.
    """
    values = np.asarray(heights, dtype=np.float64)
    if values.ndim not in (1, 2) or not np.isfinite(values).all():
        raise CaseError([f"heights: has shape {values.shape}; give finite numbers along a line, or over a map"])
    try:
        apart = format_quantity(parse_quantity(plain_value(spacing), "um"), "um")
    except QuantityError as error:
        raise CaseError([f"spacing: {error}"]) from error
    file = Path(path).resolve()
    if file.suffix != ".npy":
        raise CaseError([f"path: {file.name} is not a .npy file; name it {file.stem}.npy"])
    try:
        with file.open("wb" if replace else "xb") as stream:
            np.save(stream, values)
    except FileExistsError as error:
        raise CaseError([f"path: {file} is there already; give another name, or replace=True"]) from error
    return {"kind": "file", "file": str(file), "unit": unit, "spacing": apart}
