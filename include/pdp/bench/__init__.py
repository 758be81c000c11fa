"""Benchmarks: ratios against named peers in one run, equality checked first."""
