"""The Python interface: what `import cellfem` offers. Facades: each calls the function of the room
below that the command line calls, and hands out what it found as pandas, xarray, pyvista and
matplotlib have it."""
