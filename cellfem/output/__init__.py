"""Files of a run: records, ParaView series, pictures, summary, progress. Knows numpy arrays and
numbers, no finite elements."""
