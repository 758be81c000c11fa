"""Vectorised kernels: pure functions of NumPy arrays, proven equal to the rules of domain/."""
