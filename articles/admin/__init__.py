"""The admin of articles: the desk where they are written, and everything they refer to."""

from articles.admin import article, references

__all__ = ["article", "references"]
