"""cellfem: where a lithium / LLZO interface loses contact under current, and what stack pressure
prevents it."""

import os

from cellfem import fonts

# One thread per rank, before anything loads numpy: its BLAS reads this once, and idle threads spin
# on the processors of others.
os.environ.setdefault("OMP_NUM_THREADS", "1")
fonts.settle()

__version__ = "0.1.0"
