"""What a load is made of."""

from collections.abc import Callable

# A name that never changes, and what makes the piece. It must do nothing where somebody made the like already.
Piece = tuple[str, Callable[[], object]]
