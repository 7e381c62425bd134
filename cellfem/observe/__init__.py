"""Numbers and arrays read off a state."""
