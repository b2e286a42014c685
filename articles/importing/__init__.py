"""Import of posts from other systems.

`detecting` picks the reader: a package for each source (`ghost`, `markdown`, `moonpress`, `webflow`, `wordpress`) whose
`reader` turns an export into `Post`s. `html` turns the HTML of a post into blocks, and `load` writes each post in a
transaction of its own and reports what was imported, changed or lost.
"""
