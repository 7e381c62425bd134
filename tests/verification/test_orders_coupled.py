"""Orders of convergence in L2 of all equations at once, on a surface that moves, in steps of BDF2 in proportion to h."""
