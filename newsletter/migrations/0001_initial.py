import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("articles", "0001_initial"),
        ("sponsors", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Briefing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject", models.CharField(blank=True, max_length=150)),
                (
                    "preheader",
                    models.CharField(
                        blank=True,
                        help_text="The line an inbox shows after the subject; not repeated in the text.",
                        max_length=200,
                    ),
                ),
                (
                    "introduction",
                    models.TextField(blank=True, help_text="Plain text; an empty line starts a new paragraph."),
                ),
                (
                    "issue_date",
                    models.DateField(help_text="The day it is for: it decides which sponsor's booking it carries."),
                ),
                ("slug", models.SlugField(help_text="Its address in the archive.", max_length=80, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("approved", "Approved"),
                            ("sending", "Sending"),
                            ("paused", "Paused"),
                            ("sent", "Sent"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="draft",
                        editable=False,
                        max_length=10,
                    ),
                ),
                ("scheduled_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("approved_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("frozen_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("sent_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "trouble",
                    models.TextField(blank=True, editable=False, help_text="Why it is not moving, in words for staff."),
                ),
                (
                    "candidates",
                    models.PositiveIntegerField(
                        default=0, editable=False, help_text="Confirmed subscribers at freezing."
                    ),
                ),
                ("delivered", models.PositiveIntegerField(default=0, editable=False)),
                ("failed", models.PositiveIntegerField(default=0, editable=False)),
                ("uncertain", models.PositiveIntegerField(default=0, editable=False)),
                ("skipped", models.PositiveIntegerField(default=0, editable=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-issue_date", "-id"],
                "permissions": [("approve_briefing", "Can approve and send a briefing")],
            },
        ),
        migrations.CreateModel(
            name="CompiledMessage",
            fields=[
                (
                    "briefing",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="message",
                        serialize=False,
                        to="newsletter.briefing",
                    ),
                ),
                ("data", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="BriefingItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ordering", models.PositiveSmallIntegerField(default=0)),
                (
                    "kind",
                    models.CharField(
                        choices=[("article", "Article"), ("text", "Text"), ("sponsor", "sponsor's place")],
                        default="article",
                        max_length=8,
                    ),
                ),
                ("heading", models.CharField(blank=True, max_length=200)),
                ("text", models.TextField(blank=True, help_text="Plain text; an empty line starts a new paragraph.")),
                ("url", models.URLField(blank=True, max_length=500, verbose_name="link")),
                ("image_url", models.URLField(blank=True, max_length=500, verbose_name="image")),
                ("image_alt", models.CharField(blank=True, max_length=200, verbose_name="image in words")),
                (
                    "label",
                    models.CharField(
                        blank=True, help_text="The words of the link; for a sponsor, of the label.", max_length=60
                    ),
                ),
                ("sponsor_name", models.CharField(blank=True, editable=False, max_length=120)),
                (
                    "claim",
                    models.ForeignKey(
                        editable=False,
                        help_text="What its clicks are counted for.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sponsors.claim",
                    ),
                ),
                (
                    "article",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="briefing_items",
                        to="articles.article",
                    ),
                ),
                (
                    "briefing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="items", to="newsletter.briefing"
                    ),
                ),
            ],
            options={
                "ordering": ["briefing", "ordering", "id"],
            },
        ),
        migrations.CreateModel(
            name="Newsletter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True)),
                (
                    "slug",
                    models.SlugField(
                        help_text="Names the list in addresses, in mail headers and in the ad calendar.",
                        max_length=40,
                        unique=True,
                    ),
                ),
                (
                    "description",
                    models.CharField(blank=True, help_text="What a subscriber gets, in one sentence.", max_length=200),
                ),
                (
                    "from_name",
                    models.CharField(blank=True, help_text="The sender's name; empty: the site's name.", max_length=80),
                ),
                (
                    "is_default",
                    models.BooleanField(
                        default=False,
                        help_text="The list that a form subscribes to when it names none.",
                        verbose_name="default",
                    ),
                ),
                (
                    "is_open",
                    models.BooleanField(
                        default=True, help_text="Whether new subscribers are accepted.", verbose_name="open"
                    ),
                ),
                (
                    "counts_reading",
                    models.BooleanField(
                        default=True,
                        help_text="Without it, briefings carry plain links and no image: rates and ad reports stay empty.",
                        verbose_name="counts opens and clicks",
                    ),
                ),
                ("ordering", models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                "ordering": ["ordering", "name"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("is_default",),
                        name="newsletter_one_default",
                        violation_error_message="Another newsletter is the default already.",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="briefing",
            name="newsletter",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="briefings", to="newsletter.newsletter"
            ),
        ),
        migrations.CreateModel(
            name="Subscriber",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(help_text="As it is written to.", max_length=254, verbose_name="e-mail")),
                (
                    "canonical",
                    models.EmailField(
                        editable=False,
                        help_text="In lower case: one row for each address.",
                        max_length=254,
                        unique=True,
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=120)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("canonical", django.db.models.functions.text.Lower("email"))),
                        name="subscriber_canonical_is_lower_case",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("email__regex", "^[!-~]+@[!-~]+$")), name="subscriber_email_is_ascii"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "lease",
                    models.UUIDField(
                        editable=False, help_text="Whose work it is: only the holder writes its outcome.", null=True
                    ),
                ),
                ("lease_expires_at", models.DateTimeField(editable=False, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("sending", "Sending"),
                            ("sent", "Sent"),
                            ("retry", "to be tried again"),
                            ("failed", "Failed"),
                            ("uncertain", "Uncertain"),
                            ("skipped", "Skipped"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("sent_at", models.DateTimeField(null=True)),
                ("note", models.TextField(blank=True, help_text="The mail server's answer, or why it was skipped.")),
                (
                    "briefing",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="newsletter.briefing",
                    ),
                ),
                (
                    "subscriber",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="deliveries",
                        to="newsletter.subscriber",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
            },
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "asked, not confirmed"),
                            ("confirmed", "Confirmed"),
                            ("unsubscribed", "Unsubscribed"),
                        ],
                        default="pending",
                        max_length=12,
                    ),
                ),
                ("source", models.CharField(help_text="Where the address was entered.", max_length=80)),
                ("requested_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "requested_from",
                    models.CharField(
                        blank=True, help_text="IP network, not the address.", max_length=45, verbose_name="asked from"
                    ),
                ),
                ("consent_text", models.TextField(blank=True, help_text="What the form said when it was sent.")),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "confirmed_from",
                    models.CharField(blank=True, help_text="IP network, not the address.", max_length=45),
                ),
                ("unsubscribed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "unsubscribed_by",
                    models.CharField(blank=True, help_text="How: one-click, page, preferences, staff.", max_length=40),
                ),
                (
                    "newsletter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscriptions",
                        to="newsletter.newsletter",
                    ),
                ),
                (
                    "subscriber",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="subscriptions",
                        to="newsletter.subscriber",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Suppression",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("bounce", "mail to it came back"),
                            ("complaint", "it reported our mail as spam"),
                            ("erased", "all data of its owner was erased"),
                            ("staff", "entered by staff"),
                        ],
                        max_length=10,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason__in", ["bounce", "complaint", "erased", "staff"])),
                        name="suppression_reason_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TrackedLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("url", models.TextField()),
                (
                    "claim",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sponsors.claim",
                    ),
                ),
                (
                    "briefing",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="links",
                        to="newsletter.briefing",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="links",
                        to="newsletter.briefingitem",
                    ),
                ),
            ],
            options={
                "ordering": ["briefing", "number"],
            },
        ),
        migrations.CreateModel(
            name="Hit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("open", "Open"), ("click", "Click")], max_length=5)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("network", models.CharField(blank=True, help_text="IP network, not the address.", max_length=45)),
                ("user_agent", models.CharField(blank=True, max_length=300)),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "not judged yet"),
                            ("valid", "counted"),
                            ("machine", "a machine's"),
                            ("rejected", "Rejected"),
                        ],
                        default="",
                        max_length=8,
                    ),
                ),
                ("reason", models.CharField(blank=True, help_text="Why it does not count.", max_length=20)),
                (
                    "delivery",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hits",
                        to="newsletter.delivery",
                    ),
                ),
                (
                    "link",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hits",
                        to="newsletter.trackedlink",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="briefingitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["article", "text", "sponsor"])), name="briefing_item_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="briefingitem",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "sponsor")),
                fields=("briefing",),
                name="briefing_one_sponsor",
                violation_error_message="A briefing has one sponsor's place.",
            ),
        ),
        migrations.AddIndex(
            model_name="briefing",
            index=models.Index(
                condition=models.Q(("state__in", ["approved", "sending"])),
                fields=["scheduled_at"],
                name="briefing_live",
            ),
        ),
        migrations.AddIndex(
            model_name="briefing",
            index=models.Index(condition=models.Q(("state", "sent")), fields=["-sent_at"], name="briefing_archive"),
        ),
        migrations.AddConstraint(
            model_name="briefing",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "approved", "sending", "paused", "sent", "cancelled"])),
                name="briefing_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="briefing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["approved", "sending", "sent"]), _negated=True),
                    models.Q(("approved_at__isnull", False), ("scheduled_at__isnull", False)),
                    _connector="OR",
                ),
                name="briefing_goes_out_approved",
            ),
        ),
        migrations.AddConstraint(
            model_name="briefing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["sending", "sent"]), _negated=True),
                    ("frozen_at__isnull", False),
                    _connector="OR",
                ),
                name="briefing_sends_what_was_frozen",
            ),
        ),
        migrations.AddConstraint(
            model_name="briefing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "sent"), _negated=True),
                    models.Q(
                        (
                            "candidates",
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("delivered"), "+", models.F("failed")
                                    ),
                                    "+",
                                    models.F("uncertain"),
                                ),
                                "+",
                                models.F("skipped"),
                            ),
                        ),
                        ("sent_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="briefing_sent_reconciles",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "sent"), _negated=True),
                fields=["briefing", "state", "due_at"],
                name="delivery_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("briefing", "subscriber"), name="delivery_once"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["pending", "sending", "sent", "retry", "failed", "uncertain", "skipped"])
                ),
                name="delivery_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "sent"), _negated=True), ("sent_at__isnull", False), _connector="OR"
                ),
                name="delivery_sent_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "sending"), _negated=True),
                    models.Q(("lease__isnull", False), ("lease_expires_at__isnull", False)),
                    _connector="OR",
                ),
                name="delivery_in_hand_has_lease",
            ),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(
                condition=models.Q(("state", "confirmed")),
                fields=["newsletter", "subscriber"],
                name="subscription_audience",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.UniqueConstraint(fields=("subscriber", "newsletter"), name="subscription_once"),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "confirmed", "unsubscribed"])),
                name="subscription_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "confirmed"), _negated=True), ("confirmed_at__isnull", False), _connector="OR"
                ),
                name="subscription_confirmed_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "unsubscribed"), _negated=True),
                    ("unsubscribed_at__isnull", False),
                    _connector="OR",
                ),
                name="subscription_unsubscribed_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="trackedlink",
            constraint=models.UniqueConstraint(fields=("briefing", "number"), name="link_number_once"),
        ),
        migrations.AddIndex(
            model_name="hit",
            index=models.Index(fields=["delivery", "at"], name="hit_of_delivery"),
        ),
        migrations.AddIndex(
            model_name="hit",
            index=models.Index(condition=models.Q(("verdict", "")), fields=["at"], name="hit_unjudged"),
        ),
        migrations.AddIndex(
            model_name="hit",
            index=models.Index(
                condition=models.Q(("network", ""), ("user_agent", ""), _negated=True),
                fields=["at"],
                name="hit_with_origin",
            ),
        ),
        migrations.AddConstraint(
            model_name="hit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "click"), ("link__isnull", False)),
                    models.Q(("kind", "open"), ("link__isnull", True)),
                    _connector="OR",
                ),
                name="hit_click_has_link",
            ),
        ),
        migrations.AddConstraint(
            model_name="hit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("verdict", ""),
                    models.Q(("reason", ""), ("verdict", "valid")),
                    models.Q(("verdict__in", ["machine", "rejected"]), models.Q(("reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="hit_not_counted_has_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="hit",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "click"), ("verdict", "valid")),
                fields=("delivery", "link"),
                name="hit_one_click_counts",
            ),
        ),
        migrations.AddConstraint(
            model_name="hit",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "open"), ("verdict", "valid")),
                fields=("delivery",),
                name="hit_one_open_counts",
            ),
        ),
    ]
