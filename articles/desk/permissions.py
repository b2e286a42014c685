"""What somebody may do with one article. The desk, and acts on many articles, ask for each by these."""

from typing import Any

from articles.models import Article


def may_change(user: Any, article: Article | None = None) -> bool:
    return bool(user and user.is_active and user.is_staff and user.has_perm("articles.change_article"))


def may_publish(user: Any, article: Article | None = None) -> bool:
    """Whether they may decide what readers see of it: publish, schedule, take down, archive."""
    return may_change(user, article) and bool(user.has_perm("articles.publish_article"))
