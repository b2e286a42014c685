"""How a briefing becomes letters, and what became of each."""
