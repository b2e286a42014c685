"""Surveys that are no award: what they ask, how they are answered, what comes of them."""
