"""Which articles use which picture."""

from django.db import models

from articles.models.article import Article
from articles.models.images import ImageAsset


class ImageUse(models.Model):
    """A picture in an article: as it is now, or as readers see it. Written with the article, and with its publication."""

    image = models.ForeignKey(ImageAsset, on_delete=models.CASCADE, related_name="uses")
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="+")
    is_live = models.BooleanField()
    is_outdated = models.BooleanField(
        default=False, help_text="It was replaced since, and what readers see is to follow."
    )

    class Meta:
        indexes = [models.Index(fields=["id"], name="image_use_outdated", condition=models.Q(is_outdated=True))]
        constraints = [models.UniqueConstraint(fields=["image", "article", "is_live"], name="image_use_once")]

    def __str__(self) -> str:
        return f"{self.image_id} in {self.article_id}"
