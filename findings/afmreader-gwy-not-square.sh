#!/usr/bin/env bash
# AFMReader 0.0.7: a Gwyddion file of a map that is not square is reshaped with the wrong sides, and a phase in degrees is 1e9 times too large.
#
# Height maps of rough electrolyte faces are often strips, with fewer lines than points per line.
# Expected: load_gwy of a map of 3 lines of 4 points, 8 µm by 6 µm, gives an array of 3 rows and 4 columns in nm, and 2000 nm
# per pixel. A channel in degrees keeps its numbers.
# What happens: the array has 4 rows and 3 columns: the numbers are laid out by (xres, yres) where the file means (yres, xres),
# so neighbouring points are separated, and no error is raised. The pixel is 2667 nm, the width over the number of rows.
# The factor from m to nm is taken from the unit of the lateral axes, so a phase channel is multiplied by 1e9 too.
# Square maps of heights are read correctly. Gwyddion and SurfaceTopography read the same file correctly.
# Seen: AFMReader 0.0.7, gwyfile 0.3.0 (writes the file), SurfaceTopography 1.27.1, Python 3.12.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet "AFMReader==0.0.7" "gwyfile==0.3.0" "SurfaceTopography==1.27.1"
venv/bin/python - 2>/dev/null <<'PYTHON'
import numpy as np
from AFMReader import gwy
from gwyfile.objects import GwyContainer, GwyDataField, GwySIUnit
from SurfaceTopography import read_topography


def write(name, title, values, unit):
    metre, z = GwySIUnit(unitstr="m"), GwySIUnit(unitstr=unit)
    box = GwyContainer()
    box["/0/data/title"] = title
    box["/0/data"] = GwyDataField(values, xreal=8e-6, yreal=6e-6, si_unit_xy=metre, si_unit_z=z)
    box.tofile(name)


heights = np.arange(12.0).reshape(3, 4)  # 3 lines of 4 points, nm
write("heights.gwy", "Height", heights * 1e-9, "m")
write("phase.gwy", "Phase", heights, "deg")

found, pixel = gwy.load_gwy("heights.gwy", "Height")
print("AFMReader: shape", found.shape, "pixel", round(pixel, 1), "nm")
print(found.round(6))
assert found.shape == (4, 3), "the shape is that of the file now"
assert np.allclose(found.ravel(), heights.ravel()), "same numbers, other rows"
assert abs(pixel - 8000 / 3) < 1e-6, "the pixel is 2000 nm now"

meant = read_topography("heights.gwy")
print("SurfaceTopography:", meant.nb_grid_pts, meant.physical_sizes, meant.unit)
assert meant.nb_grid_pts == (4, 3)  # points along x, along y

phase, _ = gwy.load_gwy("phase.gwy", "Phase")
print("largest phase:", phase.max(), "of 11 degrees")
assert phase.max() == 11e9, "a phase keeps its degrees now"
PYTHON
echo "as described"
