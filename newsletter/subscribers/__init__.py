"""Who is on a list, by which consent, and how that changes."""
