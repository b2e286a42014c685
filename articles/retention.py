"""What publishing keeps of persons: nothing of readers, and of the staff what its log and its bylines say."""

from core import retention
from core.retention import Column

COLUMNS = [
    Column("articles.AuditEntry.by_name", "for good: who of the staff did it", "nobody: the database refuses"),
    Column("articles.Author.name", "as long as it stands over articles", retention.ADMIN),
]
