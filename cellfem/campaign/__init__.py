"""Many runs of one case: grids over its keys, the boundary between kept and lost contact, maps."""
