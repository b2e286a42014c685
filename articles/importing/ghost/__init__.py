"""Ghost's exports, and its two ways to store a text."""
