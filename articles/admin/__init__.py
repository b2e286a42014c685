"""Articles on the newsroom's desk, and all that they refer to."""

from articles.admin import article, references

__all__ = ["article", "references"]
