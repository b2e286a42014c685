"""Conversion of any system's HTML to blocks."""
