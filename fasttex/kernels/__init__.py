"""Counting kernels: one contract, several backends with the same file names."""
