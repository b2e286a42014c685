"""Bring posts in from Webflow, WordPress, Ghost and Markdown.

`detecting` tells which source a file is from. That source's reader (`webflow/`, `wordpress/`, `ghost/`, `markdown/`,
`moonpress/` for our own export) turns it into `posts`; `html/` turns their HTML into the blocks of an article's document;
`load/` writes each post in a transaction of its own and reports what came, what was changed and why, and what was left.
"""
