"""Models of sponsors."""
