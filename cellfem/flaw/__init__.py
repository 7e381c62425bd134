"""A resolved flaw: a crack, notch or pore in the electrolyte, full of lithium that is plated on its
walls."""
