"""Import of posts from other systems.

`detecting` picks the reader: a package for each large source (`ghost`, `markdown`, `moonpress`, `webflow`, `wordpress`), whose
`reader` turns an export into `Post`s, a module for each other; `unreadable` says of other files what they are. `html` turns the HTML of a post into blocks, and `load` writes each post in a
transaction of its own and reports what was imported, changed or lost.
"""
