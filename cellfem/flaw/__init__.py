"""A resolved flaw: a crack, notch or pore in the electrolyte full of lithium that is plated from
its walls."""
