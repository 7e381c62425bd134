"""Scenes of a finished or running case: a script and state for ParaView, and the same pictures by
pyvista."""
