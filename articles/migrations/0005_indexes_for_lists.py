"""Indexes for the lists of the admin: orders, filters, and the words of searches."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0004_articleframe"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="article",
            index=models.Index(fields=["title"], name="article_title"),
        ),
        migrations.AddIndex(
            model_name="article",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.search.SearchVector(
                    models.Func(
                        models.F("title"),
                        models.Value("-_./:@"),
                        models.Value("      "),
                        function="translate",
                        output_field=models.TextField(),
                    ),
                    models.Func(
                        models.F("slug"),
                        models.Value("-_./:@"),
                        models.Value("      "),
                        function="translate",
                        output_field=models.TextField(),
                    ),
                    models.Func(
                        models.F("standfirst"),
                        models.Value("-_./:@"),
                        models.Value("      "),
                        function="translate",
                        output_field=models.TextField(),
                    ),
                    config="simple",
                ),
                name="article_words",
            ),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["-at", "-id"], name="audit_newest"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["action", "-at", "-id"], name="audit_action"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.search.SearchVector(
                    models.Func(
                        models.F("article_title"),
                        models.Value("-_./:@"),
                        models.Value("      "),
                        function="translate",
                        output_field=models.TextField(),
                    ),
                    models.Func(
                        models.F("by_name"),
                        models.Value("-_./:@"),
                        models.Value("      "),
                        function="translate",
                        output_field=models.TextField(),
                    ),
                    config="simple",
                ),
                name="audit_words",
            ),
        ),
        migrations.AddIndex(
            model_name="imageasset",
            index=models.Index(fields=["-created_at"], name="image_newest"),
        ),
        migrations.AddIndex(
            model_name="imageasset",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.search.SearchVector(
                    models.Func(
                        models.F("name"),
                        models.Value("-_./:@"),
                        models.Value("      "),
                        function="translate",
                        output_field=models.TextField(),
                    ),
                    models.Func(
                        models.F("alt"),
                        models.Value("-_./:@"),
                        models.Value("      "),
                        function="translate",
                        output_field=models.TextField(),
                    ),
                    models.Func(
                        models.F("credit"),
                        models.Value("-_./:@"),
                        models.Value("      "),
                        function="translate",
                        output_field=models.TextField(),
                    ),
                    config="simple",
                ),
                name="image_words",
            ),
        ),
        migrations.AddIndex(
            model_name="redirect",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.search.SearchVector(
                    models.Func(
                        models.F("path"),
                        models.Value("-_./:@"),
                        models.Value("      "),
                        function="translate",
                        output_field=models.TextField(),
                    ),
                    models.Func(
                        models.F("target"),
                        models.Value("-_./:@"),
                        models.Value("      "),
                        function="translate",
                        output_field=models.TextField(),
                    ),
                    config="simple",
                ),
                name="redirect_words",
            ),
        ),
        # What is in an index of words is known to the planner from the next ANALYZE on, which may be far off.
        *(
            migrations.RunSQL(f"ANALYZE {table}", migrations.RunSQL.noop)
            for table in ("articles_article", "articles_auditentry", "articles_imageasset", "articles_redirect")
        ),
    ]
