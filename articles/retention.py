"""What publishing keeps of persons: of readers views that tell nobody apart after their day, of the staff bylines and a log."""

from functools import partial

from articles import unclaimed
from articles.importing.runs import ENGINE
from articles.models import ArticleAct
from articles.readership import rollup, salts
from core import retention
from core.bulk_acts import KEPT_FOR, delete_old
from core.retention import Column, days
from core.upload_runs import REPORTS_KEPT_FOR

_VIEW = f"{days(rollup.VIEWS_KEPT_FOR)} after its day, without any address"
COLUMNS = [
    Column("articles.Article.canonical", "as long as the article says where it stood first", retention.ADMIN),
    Column("articles.ArticleAct.by_name", f"{days(KEPT_FOR)}", "the hourly purge"),
    Column("articles.AuditEntry.by_name", "for good: who of the staff did it", "nobody: the database refuses"),
    Column("articles.Author.name", "as long as it stands over articles", retention.ADMIN),
    Column("articles.DaySalt.salt", "until its day is over; in no backup", "the roll-up, every five minutes"),
    Column("articles.Outcome.visitor", _VIEW, "the hourly purge"),
    Column("articles.PageView.visitor", _VIEW, "the hourly purge"),
    *(
        Column(f"articles.PostImport.{name}", f"{days(REPORTS_KEPT_FOR)}{rest}", "the hourly purge")
        for name, rest in {
            "by_name": "",
            "chosen": "",
            "file_name": ", without addresses",
            "found": ", without addresses",
            "problem": ", without addresses",
            "report": ", without addresses",
        }.items()
    ),
    Column("articles.Publication.canonical", "as long as the article says where it stood first", retention.ADMIN),
]


def register_all() -> None:
    """Put the keeping times of publishing into force."""
    retention.declare(COLUMNS)
    retention.register("pictures that nothing uses", unclaimed.delete_old)
    retention.register("acts on many articles", partial(delete_old, ArticleAct))
    retention.register("imports of posts", ENGINE.delete_old)
    retention.register("salts of days that are over", salts.forget_old)
    retention.register("readers' views", rollup.drop_old_views)
    retention.register("readers' counts by page", rollup.delete_old_counts)
