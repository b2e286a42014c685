"""Bring posts in from Webflow, WordPress, Ghost and Markdown.

A reader (`webflow.py`, `wordpress.py`, `ghost.py`, `markdown.py`) turns an export into `Post`s; `converting.py` turns
their HTML into the blocks of a canonical document; `loading.py` writes each post in a transaction of its own;
`reporting.py` says what came, what was changed and why, and what was left.
"""
