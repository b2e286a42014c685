"""From posts to rows: articles, pictures, terms, people, redirects, and the report."""
