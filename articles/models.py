"""Models of articles."""
