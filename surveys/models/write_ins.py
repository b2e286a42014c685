"""Names that voters wrote in: their texts, apart from the ballots, which hold keys in their place."""

from django.db import models

from surveys.models.seasons import AwardCategory


class WriteIn(models.Model):
    """One name that was written in, under the key that ballots hold. Nothing tells how many of them do.

    A ballot's leaf is the hash of what it says, and is opened in the end. So that a text can be kept from the public all the
    same, the ballot says only its key: a hash of the text and of a nonce that takes the season's pepper to make.
    """

    category = models.ForeignKey(AwardCategory, on_delete=models.CASCADE, related_name="written_names", db_index=False)
    key = models.CharField(max_length=32)
    text = models.CharField(max_length=80)

    class Meta:
        ordering = ["category", "key"]
        constraints = [models.UniqueConstraint(fields=["category", "key"], name="write_in_once_in_category")]

    def __str__(self) -> str:
        return self.text
