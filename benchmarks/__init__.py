"""Benchmarks: each module has a `main(arguments)` that prints a table and returns its figures."""
