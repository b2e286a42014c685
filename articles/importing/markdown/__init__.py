"""Markdown with front matter, as many systems write it."""
