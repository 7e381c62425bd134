"""What all tests share."""

import os

# Before numpy is loaded by any test: one thread, so that times and sums are alike everywhere.
os.environ.setdefault("OMP_NUM_THREADS", "1")
