"""Search sees composed letters (NFC), and nothing that is hidden within words. The columns and indexes are made anew."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import migrations, models

WITHIN_WORDS = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
WORDS = {
    "article": ("article_words", "title", "slug", "standfirst"),
    "auditentry": ("audit_words", "article_title", "by_name"),
    "imageasset": ("image_words", "name", "alt", "credit"),
    "redirect": ("redirect_words", "path", "target"),
}


def searchable(column, joints=""):
    left_out = models.Func(
        models.F(column),
        models.Value(joints + WITHIN_WORDS),
        models.Value(" " * len(joints)),
        function="translate",
        output_field=models.TextField(),
    )
    return models.Func(left_out, template="normalize(%(expressions)s, NFC)", output_field=models.TextField())


def words(name, *columns):
    return GinIndex(SearchVector(*(searchable(column, "-_./:@") for column in columns), config="simple"), name=name)


def weighted(column, weight):
    return SearchVector(searchable(column), weight=weight, config="english")


SEARCH = models.GeneratedField(
    expression=weighted("title", "A") + weighted("standfirst", "B") + weighted("text", "C"),
    output_field=SearchVectorField(),
    db_persist=True,
)


class Migration(migrations.Migration):
    dependencies = [("articles", "0008_no_drafts")]

    operations = [
        *(migrations.RemoveIndex(model, name) for model, (name, *_) in WORDS.items()),
        migrations.RemoveIndex("publication", "publication_title_search"),
        migrations.RemoveIndex("publication", "publication_search"),
        migrations.RemoveField("publication", "search"),
        migrations.AddField("publication", "search", SEARCH),
        migrations.AddIndex("publication", GinIndex(fields=["search"], name="publication_search")),
        migrations.AddIndex(
            "publication",
            GinIndex(SearchVector(searchable("title"), config="english"), name="publication_title_search"),
        ),
        *(migrations.AddIndex(model, words(*rest)) for model, rest in WORDS.items()),
    ]
