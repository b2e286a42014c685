"""Templates: what a new article may begin with."""

from django.db import models
from django.db.models import Q
from django.utils import timezone


class ArticleTemplate(models.Model):
    """The parts of an article that the next of its kind begins with, under a name."""

    name = models.CharField(max_length=80, unique=True)
    document = models.JSONField(editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name = "template"
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="article_template_has_name")]

    def __str__(self) -> str:
        return self.name
