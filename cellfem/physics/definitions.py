"""Definitions that pictures and verdicts share with the laws; nothing is imported for them."""

VOID_AT = 3.0
"""A void is where the gap is above 3 δ."""
