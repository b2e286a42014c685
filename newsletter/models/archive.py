"""What the archive knows of a briefing that readers see: its words, to be searched, and the picture that links to it show."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F

from core.lib.prefix_search import searchable_column
from newsletter.models.briefings import Briefing


class ArchiveEntry(models.Model):
    """The words of a briefing as it was sent, without ads. newsletter.sending.archive_entries makes one for each."""

    briefing = models.OneToOneField(Briefing, on_delete=models.CASCADE, primary_key=True, related_name="archive_entry")
    title = models.CharField(max_length=150)
    summary = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    social_image = models.CharField(max_length=200, blank=True, help_text="Its path under the media folder.")
    search = models.GeneratedField(
        expression=SearchVector(searchable_column(F("title")), weight="A", config="english")
        + SearchVector(searchable_column(F("summary")), weight="B", config="english")
        + SearchVector(searchable_column(F("text")), weight="C", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        default_permissions = ()
        verbose_name_plural = "archive entries"
        indexes = [GinIndex(fields=["search"], name="archive_entry_search")]

    def __str__(self) -> str:
        return self.title
