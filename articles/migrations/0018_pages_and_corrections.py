"""Pages of the site, written at the desk of articles; what search engines and social sites get; corrections."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0017_leads"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Page",
            fields=[],
            options={
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("articles.article",),
        ),
        migrations.RemoveIndex(
            model_name="publication",
            name="publication_newest",
        ),
        migrations.RemoveIndex(
            model_name="publication",
            name="publication_category_newest",
        ),
        migrations.AddField(
            model_name="article",
            name="canonical",
            field=models.CharField(
                blank=True,
                help_text="The address that search engines should show instead.",
                max_length=500,
                verbose_name="first published at",
            ),
        ),
        migrations.AddField(
            model_name="article",
            name="corrections",
            field=models.JSONField(blank=True, default=list, help_text="What was corrected, by day."),
        ),
        migrations.AddField(
            model_name="article",
            name="kind",
            field=models.CharField(
                choices=[("article", "Article"), ("page", "Page")], default="article", editable=False, max_length=7
            ),
        ),
        migrations.AddField(
            model_name="article",
            name="noindex",
            field=models.BooleanField(default=False, verbose_name="kept from search engines"),
        ),
        migrations.AddField(
            model_name="article",
            name="social_image",
            field=models.CharField(blank=True, max_length=200, verbose_name="picture for social sites"),
        ),
        migrations.AddField(
            model_name="article",
            name="social_title",
            field=models.CharField(blank=True, max_length=120, verbose_name="title for social sites"),
        ),
        migrations.AddField(
            model_name="publication",
            name="canonical",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="publication",
            name="corrections",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="publication",
            name="kind",
            field=models.CharField(choices=[("article", "Article"), ("page", "Page")], default="article", max_length=7),
        ),
        migrations.AddField(
            model_name="publication",
            name="noindex",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="publication",
            name="social_title",
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AlterField(
            model_name="article",
            name="slug",
            field=models.SlugField(max_length=120),
        ),
        migrations.AlterField(
            model_name="publication",
            name="slug",
            field=models.SlugField(max_length=120),
        ),
        migrations.AddIndex(
            model_name="publication",
            index=models.Index(
                condition=models.Q(("kind", "article")), fields=["-published_at", "-id"], name="publication_newest"
            ),
        ),
        migrations.AddIndex(
            model_name="publication",
            index=models.Index(
                condition=models.Q(("kind", "article")),
                fields=["category", "-published_at"],
                name="publication_category_newest",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="article",
            trigger=pgtrigger.compiler.Trigger(
                name="frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."kind" IS DISTINCT FROM (NEW."kind"))',
                    func="RAISE EXCEPTION 'An article stays an article, and a page a page.' USING ERRCODE = 'restrict_violation';",
                    hash="316188ead81bcfda092b67c9e99bdd978103102a",
                    operation="UPDATE",
                    pgid="pgtrigger_frozen_7de1a",
                    table="articles_article",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="article",
            constraint=models.UniqueConstraint(fields=("slug", "kind"), name="article_slug_unique"),
        ),
        migrations.AddConstraint(
            model_name="article",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["article", "page"])), name="article_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="publication",
            constraint=models.UniqueConstraint(fields=("slug", "kind"), name="publication_slug_unique"),
        ),
        migrations.AddConstraint(
            model_name="publication",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["article", "page"])), name="publication_kind_known"
            ),
        ),
    ]
