"""The equations, one module for each body or law: functions and objects that return UFL integrands.

`residual.py` multiplies them by measures, adds them up to the rows of the system and compiles them.
"""
