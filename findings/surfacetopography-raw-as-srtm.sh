#!/usr/bin/env bash
# SurfaceTopography 1.27.1: a file of unknown format is read as a terrain map of the SRTM mission if its size fits.
#
# The reader "hgt" has no magic number: it takes any file of 2 n² bytes for n × n big-endian integers. A raw dump of a square array
# of doubles, numpy's tofile, has 8 N² = 2 (2N)² bytes, always such a size.
# Expected: open_topography() raises CannotDetectFileFormat, as for a file with one byte more.
# What happens: 16 × 16 heights of 0.1 µm become a map of 32 × 32 points with heights from -32706 to 32760, without a warning; it only
# asks for sizes (and its unit is None).
# Seen with SurfaceTopography 1.27.1, numpy 2.5.5, Python 3.12. Exit 0: still so.
# cellfem takes that reader for files named .hgt only.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check "SurfaceTopography==1.27.1"
venv/bin/python - <<'PY'
import sys

import numpy as np
from SurfaceTopography import open_topography

heights = 1e-7 * np.random.default_rng(1).normal(size=(16, 16))
heights.tofile("map.raw")
with open("one-byte-more.raw", "wb") as file:
    file.write(heights.tobytes() + b"0")

reader = open_topography("map.raw")
surface = reader.topography(physical_sizes=(16.0, 16.0))
taken = surface.heights()
print(f"map.raw: read as {reader.name()}, {surface.nb_grid_pts} points, heights {taken.min():g} to {taken.max():g}")
try:
    open_topography("one-byte-more.raw")
    refused = False
except Exception as error:
    refused = True
    print(f"one-byte-more.raw: {type(error).__name__}")
sys.exit(not (reader.format() == "hgt" and surface.nb_grid_pts == (32, 32) and refused))
PY
