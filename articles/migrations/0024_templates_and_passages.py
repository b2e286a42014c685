"""Templates for new articles; comments on passages, and answers to comments."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0023_surveys_in_articles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ArticleTemplate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True)),
                ("document", models.JSONField(editable=False)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "verbose_name": "template",
                "ordering": ["name"],
            },
        ),
        migrations.AddField(
            model_name="comment",
            name="answers",
            field=models.ForeignKey(
                blank=True,
                help_text="The comment it answers.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="replies",
                to="articles.comment",
            ),
        ),
        migrations.AddField(
            model_name="comment",
            name="passage",
            field=models.JSONField(
                blank=True,
                help_text="The words that it is about, and those before and after (articles.desk.passages).",
                null=True,
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(("answers__isnull", True), ("passage__isnull", True), _connector="OR"),
                name="comment_answers_or_begins",
            ),
        ),
        migrations.AddConstraint(
            model_name="articletemplate",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="article_template_has_name"
            ),
        ),
    ]
