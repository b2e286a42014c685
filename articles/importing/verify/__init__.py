"""A count of what an export holds and of what is here, by rules of its own, so that a loss of the converter is seen."""
