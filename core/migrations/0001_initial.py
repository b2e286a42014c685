import uuid

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import core.models
from core.lib.prefix_search import words_index


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("name", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ContentGeneration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("value", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="RateCount",
            fields=[
                ("key", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("count", models.PositiveIntegerField()),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="OutgoingMail",
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
                        choices=[("queued", "Queued"), ("sent", "Sent"), ("failed", "Failed")],
                        default="queued",
                        max_length=10,
                    ),
                ),
                (
                    "give_up_at",
                    models.DateTimeField(default=core.models.end_of_patience, help_text="It is tried until then."),
                ),
                ("error", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("settled_at", models.DateTimeField(help_text="When it was sent or given up.", null=True)),
                (
                    "kind",
                    models.CharField(
                        help_text="The application and what the message is, such as surveys.ballot.", max_length=60
                    ),
                ),
                ("recipient", models.EmailField(blank=True, max_length=254)),
                ("subject", models.CharField(max_length=250)),
                (
                    "message",
                    models.BinaryField(help_text="The whole message, its lines ending in CRLF; empty once it is sent."),
                ),
            ],
            options={
                "verbose_name_plural": "outgoing mail",
                "ordering": ["-created_at"],
                "abstract": False,
                "indexes": [
                    models.Index(condition=models.Q(("state", "queued")), fields=["due_at"], name="mail_due"),
                    models.Index(fields=["-created_at"], name="mail_created"),
                    models.Index(condition=models.Q(("state", "failed")), fields=["-created_at"], name="mail_failed"),
                    models.Index(fields=["kind", "-created_at"], name="mail_kind"),
                    models.Index(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("recipient"), "text_pattern_ops"
                        ),
                        name="mail_recipient",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["queued", "sent", "failed"])), name="outgoingmail_state_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("settled_at__isnull", True), ("state", "queued")),
                            models.Q(models.Q(("state", "queued"), _negated=True), ("settled_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="outgoingmail_settled_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "sent"), _negated=True),
                            models.Q(("message", b""), ("recipient", "")),
                            _connector="OR",
                        ),
                        name="mail_sent_holds_nothing",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SiteProfile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(default="Moonpress", max_length=80)),
                ("tagline", models.CharField(blank=True, max_length=160)),
                (
                    "postal_address",
                    models.CharField(
                        blank=True, help_text="Printed at the foot of every briefing, as the law asks.", max_length=200
                    ),
                ),
                ("contact_email", models.EmailField(blank=True, max_length=254)),
                (
                    "sponsor_email",
                    models.EmailField(
                        blank=True, help_text="Where those who want to advertise can write.", max_length=254
                    ),
                ),
                ("about_heading", models.CharField(blank=True, max_length=120)),
                (
                    "about_html",
                    models.TextField(blank=True, help_text="The panel under every article.", verbose_name="about"),
                ),
                (
                    "stats",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text='Tiles in that panel: [{"value": "12", "label": "years of research"}]',
                    ),
                ),
                (
                    "navigation",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text='The header\'s links: [{"label": "Research", "url": "/blog/category/research/"}]',
                    ),
                ),
                (
                    "social_links",
                    models.JSONField(blank=True, default=list, help_text='[{"label": "Mastodon", "url": "https://…"}]'),
                ),
            ],
            options={
                "verbose_name": "site profile",
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="site_profile_is_one_row")],
            },
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    models.CharField(help_text="What is at the other end, such as “search index”.", max_length=80),
                ),
                (
                    "url",
                    models.CharField(
                        help_text="Starts with https://; must be on the public internet.",
                        max_length=500,
                        verbose_name="address",
                    ),
                ),
                ("events", models.JSONField(default=list)),
                ("secret", models.CharField(default=core.models._webhook_secret, editable=False, max_length=80)),
                ("active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("url__regex", "^https?://[^\\s/@]+(/\\S*)?$")),
                        name="webhook_has_address",
                        violation_error_message="Write an address that starts with https:// and holds no user name.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                ("email", models.EmailField(max_length=254, unique=True, verbose_name="e-mail")),
                ("name", models.CharField(blank=True, max_length=120)),
                ("is_staff", models.BooleanField(default=True, verbose_name="may sign in to the admin")),
                (
                    "is_active",
                    models.BooleanField(
                        default=True, help_text="Untick this instead of deleting an account.", verbose_name="active"
                    ),
                ),
                ("date_joined", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "ordering": ["email"],
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("email"),
                        name="user_email_unique",
                        violation_error_message="This e-mail address has an account already.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OutgoingRequest",
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
                        choices=[("queued", "Queued"), ("sent", "Sent"), ("failed", "Failed")],
                        default="queued",
                        max_length=10,
                    ),
                ),
                (
                    "give_up_at",
                    models.DateTimeField(default=core.models.end_of_patience, help_text="It is tried until then."),
                ),
                ("error", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("settled_at", models.DateTimeField(help_text="When it was sent or given up.", null=True)),
                ("key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("event", models.CharField(max_length=40)),
                ("body", models.JSONField()),
                (
                    "status",
                    models.PositiveSmallIntegerField(
                        help_text="The last HTTP status that came back.", null=True, verbose_name="answer"
                    ),
                ),
                (
                    "webhook",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="core.webhook",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
                "abstract": False,
                "indexes": [
                    models.Index(condition=models.Q(("state", "queued")), fields=["due_at"], name="request_due"),
                    models.Index(fields=["-created_at", "-id"], name="request_created"),
                    models.Index(fields=["state", "-created_at", "-id"], name="request_state_created"),
                    models.Index(fields=["event", "-created_at", "-id"], name="request_event_created"),
                    models.Index(fields=["webhook", "-created_at", "-id"], name="request_webhook_created"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["queued", "sent", "failed"])),
                        name="outgoingrequest_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("settled_at__isnull", True), ("state", "queued")),
                            models.Q(models.Q(("state", "queued"), _negated=True), ("settled_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="outgoingrequest_settled_has_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("action", models.CharField(max_length=60)),
                ("subject", models.CharField(max_length=254, verbose_name="to")),
                ("subject_key", models.CharField(editable=False, max_length=80)),
                ("detail", models.CharField(blank=True, max_length=1000)),
                ("by_name", models.CharField(max_length=254, verbose_name="by")),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "by",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "audit log",
                "ordering": ["-at", "-pk"],
                "indexes": [
                    models.Index(fields=["-at", "-id"], name="audit_entry_newest"),
                    models.Index(fields=["subject_key", "-at", "-id"], name="audit_entry_of_subject"),
                    words_index("subject", "by_name", name="audit_entry_words"),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditentry",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Entries of the audit log are never changed or deleted.' USING ERRCODE = 'restrict_violation';",
                    hash="5d7131765784ad6e5a71e0132f6e17c9f1b9d66f",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE OR TRUNCATE",
                    pgid="pgtrigger_append_only_97da0",
                    table="core_auditentry",
                    when="BEFORE",
                ),
            ),
        ),
    ]
