"""The pieces that the demo newsroom is loaded in."""

from collections.abc import Callable

# A name that never changes, and the function that makes the piece, unless one like it is there already.
Piece = tuple[str, Callable[[], object]]
