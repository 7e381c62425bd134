"""Definitions that pictures and verdicts share with the laws; importing them loads nothing else."""

VOID_AT = 3.0
"""A void is where the gap exceeds 3 δ."""
