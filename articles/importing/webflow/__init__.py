"""Webflow's CSV export of a collection."""
