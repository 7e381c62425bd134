#!/usr/bin/env bash
# SurfaceTopography 1.27.1: a height map written by to_netcdf() is read back with identical heights but a different size.
#
# Expected: a map of 3.2 µm × 1.6 µm is read back as 3.2 µm × 1.6 µm.
# What happens: heights keep double precision, the physical sizes are stored in single precision: 3.200000047683716 and
# 1.600000023841858 come back. A relative error of 1.5e-8 is nothing for roughness, but a check such as "the map is as wide
# as the period" or "the map reaches to the end of the stack" fails unless it has a tolerance above 1e-7.
# Seen: SurfaceTopography 1.27.1, numpy 2.5.5, Python 3.12.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet "SurfaceTopography==1.27.1"
venv/bin/python - <<'PYTHON'
import numpy as np
from SurfaceTopography import Topography, read_topography

heights = np.random.default_rng(0).normal(size=(32, 16))
Topography(heights, (3.2, 1.6), unit="um").to_netcdf("map.nc")
back = read_topography("map.nc")
print("sizes written (3.2, 1.6), read", back.physical_sizes)
print("largest difference of heights:", abs(back.heights() - heights).max())
assert np.array_equal(back.heights(), heights), "heights are no longer exact"
assert back.physical_sizes != (3.2, 1.6), "sizes are exact now"
assert np.allclose(back.physical_sizes, np.float32([3.2, 1.6]), rtol=1e-12), "sizes are off by more than single precision"
PYTHON
echo "as described"
