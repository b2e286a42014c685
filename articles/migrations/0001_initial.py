import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.core.validators
import django.db.models.constraints
import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import articles.models.article
import articles.models.preview_links


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Article",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=200)),
                ("slug", models.SlugField(max_length=120, unique=True)),
                (
                    "standfirst",
                    models.TextField(blank=True, help_text="One or two sentences under the title and on cards."),
                ),
                ("cover", models.JSONField(blank=True, help_text="The keys of an image block.", null=True)),
                ("seo_title", models.CharField(blank=True, max_length=120, verbose_name="title for search")),
                (
                    "seo_description",
                    models.CharField(blank=True, max_length=320, verbose_name="description for search"),
                ),
                (
                    "reading_minutes",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="In minutes; empty: counted from the words.",
                        null=True,
                        verbose_name="reading time",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("in_review", "in review"),
                            ("scheduled", "scheduled"),
                            ("published", "published"),
                            ("archived", "archived"),
                        ],
                        default="draft",
                        editable=False,
                        max_length=10,
                    ),
                ),
                (
                    "version",
                    models.PositiveIntegerField(default=0, editable=False, help_text="Grows with every saved change."),
                ),
                ("publish_at", models.DateTimeField(blank=True, null=True)),
                (
                    "scheduled_version",
                    models.PositiveIntegerField(
                        editable=False,
                        help_text="The version that will be published: what is typed later waits.",
                        null=True,
                    ),
                ),
                ("unpublish_at", models.DateTimeField(blank=True, null=True)),
                (
                    "published_at",
                    models.DateTimeField(blank=True, editable=False, help_text="When readers first saw it.", null=True),
                ),
                (
                    "feed_id",
                    models.CharField(
                        default=articles.models.article.new_feed_id,
                        editable=False,
                        help_text="What readers of feeds know it by. It never changes, whatever becomes of the slug.",
                        max_length=500,
                        unique=True,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "ordering": ["-changed_at"],
                "permissions": [("publish_article", "Can publish articles")],
            },
        ),
        migrations.CreateModel(
            name="ArticleAuthor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
            ],
            options={
                "ordering": ["position"],
            },
        ),
        migrations.CreateModel(
            name="Publication",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField(help_text="The article's version that readers see.")),
                ("slug", models.SlugField(max_length=120, unique=True)),
                ("title", models.CharField(max_length=200)),
                ("standfirst", models.TextField(blank=True)),
                ("seo_title", models.CharField(blank=True, max_length=120)),
                ("seo_description", models.CharField(blank=True, max_length=320)),
                (
                    "html",
                    models.TextField(
                        help_text="The body, with marks where a page puts what changes without the article."
                    ),
                ),
                ("text", models.TextField(help_text="The body's plain words.")),
                ("toc", models.JSONField(default=list)),
                ("faq", models.JSONField(default=list)),
                ("image", models.JSONField(help_text="The picture on cards and at the top of the page.", null=True)),
                ("social_image", models.CharField(blank=True, max_length=200)),
                ("reading_minutes", models.PositiveSmallIntegerField()),
                ("words", models.PositiveIntegerField()),
                ("published_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                (
                    "search",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.contrib.postgres.search.CombinedSearchVector(
                            django.contrib.postgres.search.CombinedSearchVector(
                                django.contrib.postgres.search.SearchVector("title", config="english", weight="A"),
                                "||",
                                django.contrib.postgres.search.SearchVector("standfirst", config="english", weight="B"),
                                django.contrib.postgres.search.SearchConfig("english"),
                            ),
                            "||",
                            django.contrib.postgres.search.SearchVector("text", config="english", weight="C"),
                            django.contrib.postgres.search.SearchConfig("english"),
                        ),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                    ),
                ),
            ],
            options={
                "ordering": ["-published_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("article_title", models.CharField(max_length=200)),
                ("by_name", models.CharField(max_length=254)),
                ("action", models.CharField(max_length=40)),
                ("detail", models.CharField(blank=True, max_length=400)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "verbose_name_plural": "audit log",
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Author",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=80, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("role", models.CharField(blank=True, max_length=120)),
                ("bio_html", models.TextField(blank=True, verbose_name="bio")),
                (
                    "links",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text='Profiles elsewhere: [{"label": "Mastodon", "url": "https://…"}]',
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Block",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("region", models.CharField(max_length=255)),
                ("ordering", models.IntegerField(default=0)),
                ("kind", models.CharField(max_length=20)),
                ("data", models.JSONField(default=dict)),
            ],
            options={
                "ordering": ["ordering"],
            },
        ),
        migrations.CreateModel(
            name="Category",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=80, unique=True)),
                ("name", models.CharField(max_length=80)),
                ("description", models.TextField(blank=True)),
                ("position", models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                "verbose_name_plural": "categories",
                "ordering": ["position", "name"],
            },
        ),
        migrations.CreateModel(
            name="Comment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.TextField(max_length=4000)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["created_at"],
            },
        ),
        migrations.CreateModel(
            name="Draft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("base_version", models.PositiveIntegerField()),
                ("document", models.JSONField()),
                ("saved_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ["-saved_at"],
            },
        ),
        migrations.CreateModel(
            name="ImageAsset",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "file",
                    models.CharField(
                        editable=False, help_text="Path under the media folder.", max_length=200, unique=True
                    ),
                ),
                (
                    "digest",
                    models.CharField(
                        editable=False, help_text="SHA-256 of what was uploaded.", max_length=64, unique=True
                    ),
                ),
                ("name", models.CharField(max_length=160)),
                ("alt", models.CharField(blank=True, max_length=400, verbose_name="alternative text")),
                ("credit", models.CharField(blank=True, max_length=200)),
                ("width", models.PositiveIntegerField(editable=False)),
                ("height", models.PositiveIntegerField(editable=False)),
                (
                    "focal_x",
                    models.FloatField(
                        default=0.5,
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(1.0),
                        ],
                    ),
                ),
                (
                    "focal_y",
                    models.FloatField(
                        default=0.5,
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(1.0),
                        ],
                    ),
                ),
                ("renditions", models.JSONField(default=list, editable=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "verbose_name": "image",
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="ImportedPost",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(help_text="The format it came in.", max_length=20)),
                ("source_id", models.CharField(help_text="What its own system calls it.", max_length=500)),
                ("digest", models.CharField(help_text="SHA-256 of the post as it came.", max_length=64)),
                ("version", models.PositiveIntegerField(help_text="The article's version that the import left.")),
                ("imported_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Presence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
                ("seen_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "verbose_name_plural": "presence",
            },
        ),
        migrations.CreateModel(
            name="PublicationAuthor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
            ],
            options={
                "ordering": ["position"],
            },
        ),
        migrations.CreateModel(
            name="Redirect",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "path",
                    models.CharField(
                        help_text="A path of this site, such as /blog/old/.",
                        max_length=500,
                        unique=True,
                        verbose_name="from",
                    ),
                ),
                (
                    "target",
                    models.CharField(
                        help_text="A path of this site, or an https address.", max_length=500, verbose_name="to"
                    ),
                ),
                (
                    "automatic",
                    models.BooleanField(default=False, editable=False, help_text="Made when an address changed."),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["path"],
            },
        ),
        migrations.CreateModel(
            name="Revision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                ("document", models.JSONField()),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ["-version"],
            },
        ),
        migrations.CreateModel(
            name="Snippet",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=80, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("disclaimer", "disclaimer"), ("cta", "call-to-action card")], max_length=12
                    ),
                ),
                ("heading", models.CharField(blank=True, max_length=160)),
                ("html", models.TextField(blank=True, verbose_name="text")),
                ("label", models.CharField(blank=True, max_length=80, verbose_name="label of the button")),
                ("url", models.CharField(blank=True, max_length=500, verbose_name="link")),
            ],
            options={
                "ordering": ["kind", "slug"],
            },
        ),
        migrations.CreateModel(
            name="Tag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=80, unique=True)),
                ("name", models.CharField(max_length=80)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.AddField(
            model_name="article",
            name="created_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="articleauthor",
            name="article",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="byline", to="articles.article"
            ),
        ),
        migrations.CreateModel(
            name="ArticleFrame",
            fields=[
                (
                    "publication",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="frame",
                        serialize=False,
                        to="articles.publication",
                    ),
                ),
                ("key", models.BinaryField(help_text="A digest of all that it was rendered from.")),
                ("html", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="RelatedRefresh",
            fields=[
                (
                    "publication",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="articles.publication",
                    ),
                ),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ["-publication"],
            },
        ),
        migrations.AddField(
            model_name="publication",
            name="also_read",
            field=models.ManyToManyField(
                help_text="Articles named in the text.", related_name="+", to="articles.article"
            ),
        ),
        migrations.AddField(
            model_name="publication",
            name="article",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="publication", to="articles.article"
            ),
        ),
        migrations.AddField(
            model_name="publication",
            name="related",
            field=models.ManyToManyField(help_text="What goes with it.", related_name="+", to="articles.publication"),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="article",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="audit_entries",
                to="articles.article",
            ),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="by",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="author",
            name="user",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="author",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="articleauthor",
            name="author",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="articles.author"
            ),
        ),
        migrations.AddField(
            model_name="article",
            name="authors",
            field=models.ManyToManyField(
                related_name="articles", through="articles.ArticleAuthor", to="articles.author"
            ),
        ),
        migrations.AddField(
            model_name="block",
            name="parent",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="blocks", to="articles.article"
            ),
        ),
        migrations.CreateModel(
            name="AwardResultsBlock",
            fields=[],
            options={
                "verbose_name": "Award results",
                "verbose_name_plural": "Award results",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("articles.block",),
        ),
        migrations.CreateModel(
            name="CalloutBlock",
            fields=[],
            options={
                "verbose_name": "Callout",
                "verbose_name_plural": "Callout",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("articles.block",),
        ),
        migrations.CreateModel(
            name="CallToActionBlock",
            fields=[],
            options={
                "verbose_name": "Call to action",
                "verbose_name_plural": "Call to action",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("articles.block",),
        ),
        migrations.CreateModel(
            name="ChartBlock",
            fields=[],
            options={
                "verbose_name": "Chart",
                "verbose_name_plural": "Chart",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("articles.block",),
        ),
        migrations.CreateModel(
            name="CodeBlock",
            fields=[],
            options={
                "verbose_name": "Code",
                "verbose_name_plural": "Code",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("articles.block",),
        ),
        migrations.CreateModel(
            name="EmbedBlockBlock",
            fields=[],
            options={
                "verbose_name": "Embed",
                "verbose_name_plural": "Embed",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("articles.block",),
        ),
        migrations.CreateModel(
            name="FaqBlock",
            fields=[],
            options={
                "verbose_name": "Question and answer",
                "verbose_name_plural": "Question and answer",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("articles.block",),
        ),
        migrations.CreateModel(
            name="GalleryBlock",
            fields=[],
            options={
                "verbose_name": "Gallery",
                "verbose_name_plural": "Gallery",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("articles.block",),
        ),
        migrations.CreateModel(
            name="ImageBlock",
            fields=[],
            options={
                "verbose_name": "Image",
                "verbose_name_plural": "Image",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("articles.block",),
        ),
        migrations.CreateModel(
            name="PullQuoteBlock",
            fields=[],
            options={
                "verbose_name": "Pull quote",
                "verbose_name_plural": "Pull quote",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("articles.block",),
        ),
        migrations.CreateModel(
            name="RelatedBlock",
            fields=[],
            options={
                "verbose_name": "Also read",
                "verbose_name_plural": "Also read",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("articles.block",),
        ),
        migrations.CreateModel(
            name="RichTextBlock",
            fields=[],
            options={
                "verbose_name": "Text",
                "verbose_name_plural": "Text",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("articles.block",),
        ),
        migrations.CreateModel(
            name="SignUpBlock",
            fields=[],
            options={
                "verbose_name": "Sign-up form",
                "verbose_name_plural": "Sign-up form",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("articles.block",),
        ),
        migrations.CreateModel(
            name="SponsorSlotBlock",
            fields=[],
            options={
                "verbose_name": "Sponsor slot",
                "verbose_name_plural": "Sponsor slot",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("articles.block",),
        ),
        migrations.CreateModel(
            name="TableBlock",
            fields=[],
            options={
                "verbose_name": "Table",
                "verbose_name_plural": "Table",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("articles.block",),
        ),
        migrations.AddField(
            model_name="publication",
            name="category",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="publications",
                to="articles.category",
            ),
        ),
        migrations.AddField(
            model_name="article",
            name="category",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="articles",
                to="articles.category",
            ),
        ),
        migrations.AddField(
            model_name="comment",
            name="article",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="comments", to="articles.article"
            ),
        ),
        migrations.AddField(
            model_name="comment",
            name="asks",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="asks",
            ),
        ),
        migrations.AddField(
            model_name="comment",
            name="by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="draft",
            name="article",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="drafts",
                to="articles.article",
            ),
        ),
        migrations.AddField(
            model_name="draft",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="imageasset",
            name="uploaded_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="author",
            name="portrait",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="articles.imageasset",
            ),
        ),
        migrations.AddField(
            model_name="importedpost",
            name="article",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="imported_from",
                to="articles.article",
            ),
        ),
        migrations.AddField(
            model_name="presence",
            name="article",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="presences", to="articles.article"
            ),
        ),
        migrations.AddField(
            model_name="presence",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="publicationauthor",
            name="author",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="bylines", to="articles.author"
            ),
        ),
        migrations.AddField(
            model_name="publicationauthor",
            name="publication",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="byline", to="articles.publication"
            ),
        ),
        migrations.AddField(
            model_name="publication",
            name="authors",
            field=models.ManyToManyField(
                related_name="publications", through="articles.PublicationAuthor", to="articles.author"
            ),
        ),
        migrations.AddIndex(
            model_name="redirect",
            index=models.Index(fields=["target"], name="redirect_target"),
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
        migrations.AddConstraint(
            model_name="redirect",
            constraint=models.CheckConstraint(
                condition=models.Q(("path__regex", "^/[^/\\s]\\S*$")),
                name="redirect_from_path",
                violation_error_message="Write the old address as a path of this site, such as /blog/old/.",
            ),
        ),
        migrations.AddConstraint(
            model_name="redirect",
            constraint=models.CheckConstraint(
                condition=models.Q(("target__regex", "^(/$|/[^/\\s\\\\]\\S*$|https?://\\S+$)")),
                name="redirect_to_address",
                violation_error_message="Write the new address as a path of this site, or starting with https://.",
            ),
        ),
        migrations.AddConstraint(
            model_name="redirect",
            constraint=models.CheckConstraint(
                condition=models.Q(("path", models.F("target")), _negated=True),
                name="redirect_goes_elsewhere",
                violation_error_message="An address cannot redirect to itself.",
            ),
        ),
        migrations.AddField(
            model_name="revision",
            name="article",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="revisions", to="articles.article"
            ),
        ),
        migrations.AddField(
            model_name="revision",
            name="by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="snippet",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["disclaimer", "cta"])), name="snippet_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="snippet",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "cta"), _negated=True),
                    models.Q(("heading", ""), ("label", ""), ("url", ""), _connector="OR", _negated=True),
                    _connector="OR",
                ),
                name="snippet_card_is_complete",
                violation_error_message="A call-to-action card needs a heading, a label and a link.",
            ),
        ),
        migrations.AddConstraint(
            model_name="snippet",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("url", ""), ("url__regex", "^(/[^/]|/$|#|https?://|mailto:|tel:|sms:)"), _connector="OR"
                ),
                name="snippet_link_is_safe",
                violation_error_message="A link starts with https:// or, on this site, with /.",
            ),
        ),
        migrations.AddField(
            model_name="publication",
            name="cta",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="articles.snippet"
            ),
        ),
        migrations.AddField(
            model_name="publication",
            name="snippets",
            field=models.ManyToManyField(
                help_text="Cards placed in the text.", related_name="publications", to="articles.snippet"
            ),
        ),
        migrations.AddField(
            model_name="category",
            name="disclaimer",
            field=models.ForeignKey(
                blank=True,
                help_text="Printed under every article of this category.",
                limit_choices_to={"kind": "disclaimer"},
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="categories",
                to="articles.snippet",
            ),
        ),
        migrations.AddField(
            model_name="article",
            name="cta",
            field=models.ForeignKey(
                blank=True,
                limit_choices_to={"kind": "cta"},
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="articles",
                to="articles.snippet",
                verbose_name="call-to-action card",
            ),
        ),
        migrations.AddField(
            model_name="publication",
            name="tags",
            field=models.ManyToManyField(related_name="publications", to="articles.tag"),
        ),
        migrations.AddField(
            model_name="article",
            name="tags",
            field=models.ManyToManyField(blank=True, related_name="articles", to="articles.tag"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["article", "-at"], name="audit_of_article"),
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
        migrations.AddConstraint(
            model_name="articleauthor",
            constraint=models.UniqueConstraint(fields=("article", "author"), name="article_author_once"),
        ),
        migrations.AddConstraint(
            model_name="articleauthor",
            constraint=models.UniqueConstraint(fields=("article", "position"), name="article_author_position_once"),
        ),
        migrations.AddConstraint(
            model_name="block",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "award_results",
                            "callout",
                            "chart",
                            "code",
                            "cta",
                            "embed",
                            "faq",
                            "gallery",
                            "image",
                            "pullquote",
                            "related",
                            "richtext",
                            "signup",
                            "sponsor_slot",
                            "table",
                        ],
                    )
                ),
                name="block_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="block",
            constraint=models.UniqueConstraint(
                deferrable=django.db.models.constraints.Deferrable["DEFERRED"],
                fields=("parent", "region", "ordering"),
                name="block_place_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="comment_says_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="draft",
            constraint=models.UniqueConstraint(
                fields=("article", "by"), name="draft_once_per_person", nulls_distinct=False
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
        migrations.AddConstraint(
            model_name="imageasset",
            constraint=models.CheckConstraint(
                condition=models.Q(("height__gt", 0), ("width__gt", 0)), name="image_has_size"
            ),
        ),
        migrations.AddConstraint(
            model_name="imageasset",
            constraint=models.CheckConstraint(
                condition=models.Q(("focal_x__range", (0, 1)), ("focal_y__range", (0, 1))),
                name="image_focal_point_inside",
            ),
        ),
        migrations.AddConstraint(
            model_name="importedpost",
            constraint=models.UniqueConstraint(fields=("source", "source_id"), name="imported_post_once"),
        ),
        migrations.AddConstraint(
            model_name="presence",
            constraint=models.UniqueConstraint(fields=("article", "by"), name="presence_once_per_person"),
        ),
        migrations.AddConstraint(
            model_name="publicationauthor",
            constraint=models.UniqueConstraint(fields=("publication", "author"), name="publication_author_once"),
        ),
        migrations.AddConstraint(
            model_name="revision",
            constraint=models.UniqueConstraint(fields=("article", "version"), name="revision_version_once"),
        ),
        migrations.AddIndex(
            model_name="publication",
            index=django.contrib.postgres.indexes.GinIndex(fields=["search"], name="publication_search"),
        ),
        migrations.AddIndex(
            model_name="publication",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.search.SearchVector("title", config="english"), name="publication_title_search"
            ),
        ),
        migrations.AddIndex(
            model_name="publication",
            index=models.Index(fields=["-published_at", "-id"], name="publication_newest"),
        ),
        migrations.AddIndex(
            model_name="publication",
            index=models.Index(fields=["category", "-published_at"], name="publication_category_newest"),
        ),
        migrations.AddConstraint(
            model_name="publication",
            constraint=models.CheckConstraint(
                condition=models.Q(("updated_at__gte", models.F("published_at"))), name="publication_updated_after"
            ),
        ),
        migrations.AddConstraint(
            model_name="publication",
            constraint=models.CheckConstraint(
                condition=models.Q(("reading_minutes__gte", 1)), name="publication_takes_a_minute"
            ),
        ),
        migrations.AddIndex(
            model_name="article",
            index=models.Index(fields=["-changed_at"], name="article_changed"),
        ),
        migrations.AddIndex(
            model_name="article",
            index=models.Index(
                condition=models.Q(("publish_at__isnull", False)), fields=["publish_at"], name="article_due"
            ),
        ),
        migrations.AddIndex(
            model_name="article",
            index=models.Index(
                condition=models.Q(("unpublish_at__isnull", False)), fields=["unpublish_at"], name="article_ending"
            ),
        ),
        migrations.AddIndex(
            model_name="article",
            index=models.Index(fields=["state", "-changed_at"], name="article_state_changed"),
        ),
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
        migrations.AddConstraint(
            model_name="article",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "in_review", "scheduled", "published", "archived"])),
                name="article_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="article",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "scheduled"), _negated=True), ("publish_at__isnull", False), _connector="OR"
                ),
                name="article_scheduled_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="article",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("publish_at__isnull", True), ("scheduled_version__isnull", True)),
                    models.Q(("publish_at__isnull", False), ("scheduled_version__isnull", False)),
                    _connector="OR",
                ),
                name="article_schedule_names_version",
            ),
        ),
        migrations.AddConstraint(
            model_name="article",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "published"), _negated=True), ("published_at__isnull", False), _connector="OR"
                ),
                name="article_published_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="article",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("unpublish_at__isnull", True),
                    ("publish_at__isnull", True),
                    ("unpublish_at__gt", models.F("publish_at")),
                    _connector="OR",
                ),
                name="article_ends_after_it_starts",
                violation_error_message="The end is before the start.",
            ),
        ),
        migrations.AddConstraint(
            model_name="article",
            constraint=models.CheckConstraint(
                condition=models.Q(("title", ""), _negated=True), name="article_has_title"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditentry",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Entries of the audit log are never changed or deleted.' USING ERRCODE = 'restrict_violation';",
                    hash="e67f8e6a154ee0afb0e3973443ef3477ecdeb7a9",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE OR TRUNCATE",
                    pgid="pgtrigger_append_only_9e4f4",
                    table="articles_auditentry",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.CreateModel(
            name="PreviewLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("expires_at", models.DateTimeField(default=articles.models.preview_links.in_a_week)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "article",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="preview_links",
                        to="articles.article",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-made_at", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("made_at"))), name="preview_link_lasts_a_while"
                    )
                ],
            },
        ),
    ]
