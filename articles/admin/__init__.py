"""The admin of articles: the desk where they are written, everything they refer to, and what is read of them."""

from articles.admin import article, bulk_acts, imports, pages, pictures, readership, references, templates

__all__ = ["article", "bulk_acts", "imports", "pages", "pictures", "readership", "references", "templates"]
