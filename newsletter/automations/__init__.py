"""Automations: how a series is started and stopped, how subscribers go through it, its letters and its figures."""
