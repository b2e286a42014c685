"""The desk: where articles are written, in the Django admin."""
