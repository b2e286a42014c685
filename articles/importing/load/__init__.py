"""Storage of imported posts: articles, images, categories, tags, authors and redirects; and the report."""
