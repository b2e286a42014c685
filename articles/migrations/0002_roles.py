"""What the roles may do with articles. Roles that do not work on articles see published ones only, not drafts."""

from django.db import migrations

from core.lib.roles import everything, grant

VIEW = [
    "articles.view_article", "articles.view_category", "articles.view_tag", "articles.view_author",
    "articles.view_snippet", "articles.view_imageasset", "articles.view_revision", "articles.view_comment",
    "articles.view_auditentry",
]  # fmt: skip
PUBLISHED = ["articles.view_publication"]
WRITE = [
    *PUBLISHED, *VIEW,
    "articles.add_article", "articles.change_article", "articles.add_imageasset", "articles.change_imageasset", "articles.add_tag", "articles.add_comment",
]  # fmt: skip
EDIT = [
    *WRITE,
    "articles.publish_article",
    *everything("articles.category", "articles.tag", "articles.author", "articles.snippet", "articles.redirect"),
    "articles.delete_imageasset",
    "articles.change_comment",
]


class Migration(migrations.Migration):
    dependencies = [("articles", "0001_initial"), ("core", "0002_roles")]
    operations = [
        grant(
            {
                "writer": WRITE,
                "editor": EDIT,
                "newsletter manager": PUBLISHED,
                "awards steward": PUBLISHED,
                "sponsorship manager": PUBLISHED,
                "administrator": [*EDIT, "articles.delete_article"],
            }
        )
    ]
