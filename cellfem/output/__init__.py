"""Files of a run: records, ParaView series, pictures, summary, progress. Uses numpy arrays and
numbers, no finite elements."""
