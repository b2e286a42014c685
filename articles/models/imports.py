"""The origin of imported articles, by which a second import of the same post finds them."""

from django.db import models

from articles.models.article import Article


class ImportedPost(models.Model):
    """A post imported from another system. It outlives its article, so that a deleted article is not imported again."""

    source = models.CharField(max_length=20, help_text="The format it came in.")
    source_id = models.CharField(max_length=500, help_text="What its own system calls it.")
    article = models.OneToOneField(Article, on_delete=models.SET_NULL, null=True, related_name="imported_from")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the post as it came.")
    version = models.PositiveIntegerField(help_text="The article's version that the import left.")
    imported_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["source", "source_id"], name="imported_post_once")]

    def __str__(self) -> str:
        return f"{self.source} {self.source_id}"
