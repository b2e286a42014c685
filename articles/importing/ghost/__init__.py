"""Ghost's JSON exports, and the two formats in which Ghost stores texts."""
