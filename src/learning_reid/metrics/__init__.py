"""Figures that say how good a result is, in NumPy alone."""
