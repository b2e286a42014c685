"""Letters as bytes: how they are written, and how what servers and providers say of them is read."""
