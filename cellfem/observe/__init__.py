"""Numbers and arrays evaluated from a state."""
