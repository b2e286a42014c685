"""Readers' figures: views of pages as they came, kept for some days, and the counts of each day that are made of them.

A row of a view tells a visitor from others of its day by a number that means nothing on another (see
articles.readership.salts). The counts tell of nobody.
"""

from django.db import models

from articles.models.article import Article


class PageView(models.Model):
    """One view of a page. The table has a partition for each day, which is dropped as a whole."""

    pk = models.CompositePrimaryKey("day", "visitor", "nonce")
    day = models.DateField()
    visitor = models.BigIntegerField(help_text="Tells visitors apart within the day.")
    nonce = models.BigIntegerField(
        help_text="Tells the views of a visitor apart, so that a repeated beacon counts once."
    )
    at = models.DateTimeField()
    path = models.CharField(max_length=200)
    article_id = models.BigIntegerField(null=True)
    source = models.CharField(max_length=100, blank=True, help_text="The host of the page that led here.")
    campaign = models.CharField(max_length=200, blank=True, help_text="What the link said in utm_….")
    depth = models.PositiveSmallIntegerField(default=0, help_text="How many quarters of the page were in view.")

    class Meta:
        default_permissions = ()
        db_table = "articles_pageview"

    def __str__(self) -> str:
        return f"{self.path} at {self.at:%H:%M:%S}"


class Outcome(models.Model):
    """What a visitor did that the newsroom hopes for, such as signing up; deleted with the day's views.

    It has no time: of a vote, that would tell when it was cast.
    """

    day = models.DateField()
    kind = models.CharField(max_length=40)
    visitor = models.BigIntegerField()
    path = models.CharField(max_length=200, blank=True, help_text="The page on which it was done.")

    class Meta:
        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=("day", "visitor", "kind"), name="outcome_once_a_day"),)

    def __str__(self) -> str:
        return f"{self.kind} on {self.path or 'a page unknown'}"


class DaySalt(models.Model):
    """The salt that tells the visitors of a day apart. It is forgotten when the day is over, and is in no backup."""

    day = models.DateField(primary_key=True)
    salt = models.BinaryField(max_length=32)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.day:%-d %b %Y}"


class DayFigures(models.Model):
    """The counts of a day, and when they were last made."""

    day = models.DateField(primary_key=True)
    views = models.PositiveBigIntegerField()
    visitors = models.PositiveBigIntegerField()
    hours = models.JSONField(help_text="Views in each of the 24 hours.")
    rolled_up_at = models.DateTimeField()
    seconds = models.FloatField(help_text="How long making the counts took.")

    class Meta:
        default_permissions = ("view",)
        verbose_name = "day of readers’ figures"
        verbose_name_plural = "readers’ figures"

    def __str__(self) -> str:
        return f"{self.day:%-d %b %Y}"


class _OfPage(models.Model):
    day = models.DateField()
    path = models.CharField(max_length=200)
    article = models.ForeignKey(Article, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+")
    views = models.PositiveBigIntegerField()
    visitors = models.PositiveBigIntegerField()

    class Meta:
        abstract = True
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.path} on {self.day:%-d %b %Y}"


class PageFigures(_OfPage):
    """The counts of a page on a day, and how many of its views reached each quarter of it."""

    quarter_1 = models.PositiveBigIntegerField()
    quarter_2 = models.PositiveBigIntegerField()
    quarter_3 = models.PositiveBigIntegerField()
    quarter_4 = models.PositiveBigIntegerField()

    class Meta(_OfPage.Meta):
        constraints = (models.UniqueConstraint(fields=("day", "path"), name="page_figures_once"),)
        indexes = (models.Index(fields=("article", "day"), name="page_figures_of_article"),)


class SourceFigures(_OfPage):
    """The counts of a page on a day by where its readers came from."""

    source = models.CharField(max_length=100, blank=True)

    class Meta(_OfPage.Meta):
        constraints = (models.UniqueConstraint(fields=("day", "path", "source"), name="source_figures_once"),)
        indexes = (models.Index(fields=("article", "day"), name="source_figures_of_article"),)


class CampaignFigures(_OfPage):
    """The counts of a page on a day by the campaign whose link was followed."""

    campaign = models.CharField(max_length=200)

    class Meta(_OfPage.Meta):
        constraints = (models.UniqueConstraint(fields=("day", "path", "campaign"), name="campaign_figures_once"),)
        indexes = (models.Index(fields=("article", "day"), name="campaign_figures_of_article"),)


class OutcomeFigures(models.Model):
    """How many visitors of a day did something, by the page they did it on and by how they had come to us that day."""

    day = models.DateField()
    kind = models.CharField(max_length=40)
    path = models.CharField(max_length=200, blank=True)
    article = models.ForeignKey(Article, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+")
    source = models.CharField(max_length=100, blank=True)
    campaign = models.CharField(max_length=200, blank=True)
    visitors = models.PositiveBigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=("day", "kind", "path", "source", "campaign"), name="outcome_figures_once"),
        )
        indexes = (models.Index(fields=("article", "day"), name="outcome_figures_of_article"),)

    def __str__(self) -> str:
        return f"{self.kind} on {self.day:%-d %b %Y}"


class LeftOut(models.Model):
    """How many beacons of a day were not counted, and why."""

    class Reason(models.TextChoices):
        ASKED = "asked", "asked not to be tracked"
        STAFF = "staff", "staff signed in"
        BOT = "bot", "bots"
        MALFORMED = "malformed", "malformed or too large"
        FOREIGN = "foreign", "sent from other sites"
        BURST = "burst", "too many from one place"
        NO_PAGE = "no page", "no page of ours"
        FULL = "full", "more than could be written"

    day = models.DateField()
    reason = models.CharField(max_length=20, choices=Reason)
    number = models.PositiveBigIntegerField()

    class Meta:
        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=("day", "reason"), name="left_out_once"),)

    def __str__(self) -> str:
        return f"{self.number} {self.get_reason_display()}"
