"""Physical laws: pure functions of symbols (UFL) or arrays (numpy). No mesh, no state, no files."""
