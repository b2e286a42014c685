"""Readers' figures: beacons of browsers, the views they tell of, and what is counted of them; no cookie and no profile."""
