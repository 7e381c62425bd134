"""cellfem: where a lithium / LLZO interface loses contact under current, and what stack pressure prevents it."""

__version__ = "0.1.0"
