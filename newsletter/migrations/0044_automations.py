"""Automations, their steps, who is in them, and their letters; what they write into the ledger of consent."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("newsletter", "0043_slugs_of_digests"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Automation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="For the newsroom alone, such as “First week”.", max_length=80)),
                (
                    "begins",
                    models.CharField(
                        choices=[
                            ("confirmed", "when a subscription is confirmed"),
                            ("quiet", "when a subscriber has been quiet for a while"),
                        ],
                        default="confirmed",
                        max_length=10,
                    ),
                ),
                (
                    "quiet_days",
                    models.PositiveSmallIntegerField(
                        default=90,
                        help_text="Days without an open by a person, a click, or anything chosen.",
                        validators=[
                            django.core.validators.MinValueValidator(7),
                            django.core.validators.MaxValueValidator(730),
                        ],
                        verbose_name="quiet for",
                    ),
                ),
                (
                    "fewest_letters",
                    models.PositiveSmallIntegerField(
                        default=3,
                        help_text="Briefings in these days: whoever got fewer is not quiet.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="having got at least",
                    ),
                ),
                (
                    "most_per_day",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="So many quiet subscribers enter on one day; empty: all there are.",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="at most a day",
                    ),
                ),
                (
                    "ends_when_reading",
                    models.BooleanField(
                        default=False,
                        help_text="Whoever opens or clicks a mail of the newsletter after having entered.",
                        verbose_name="leaves who reads again",
                    ),
                ),
                (
                    "again_after",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Days since the last time; empty: only once.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                        verbose_name="may enter again after",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("running", "Running"), ("paused", "Paused"), ("ended", "Ended")],
                        default="draft",
                        editable=False,
                        max_length=8,
                    ),
                ),
                (
                    "trouble",
                    models.TextField(blank=True, editable=False, help_text="Why it does not move, in words for staff."),
                ),
                ("started_at", models.DateTimeField(editable=False, null=True)),
                (
                    "looks_at",
                    models.DateTimeField(
                        editable=False, help_text="When it looks next for those who have become quiet.", null=True
                    ),
                ),
                (
                    "counts",
                    models.JSONField(default=dict, editable=False, help_text="How many stand where, as last counted."),
                ),
                ("counted_at", models.DateTimeField(editable=False, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "ordering": ["newsletter", "name"],
            },
        ),
        migrations.CreateModel(
            name="AutomationStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ordering", models.PositiveSmallIntegerField(default=0, verbose_name="place")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("wait", "Wait"),
                            ("letter", "send a letter"),
                            ("fork", "fork: go on elsewhere, or leave"),
                            ("pause", "pause the subscription"),
                            ("unsubscribe", "end the subscription"),
                            ("leave", "leave the automation"),
                        ],
                        default="wait",
                        max_length=11,
                        verbose_name="what",
                    ),
                ),
                (
                    "amount",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(365),
                        ],
                        verbose_name="how long",
                    ),
                ),
                (
                    "unit",
                    models.CharField(choices=[("days", "Days"), ("hours", "Hours")], default="days", max_length=5),
                ),
                (
                    "at_time",
                    models.TimeField(
                        blank=True,
                        help_text="A time of day in the newsletter’s time zone; empty: any.",
                        null=True,
                        verbose_name="until",
                    ),
                ),
                (
                    "asks_to_stay",
                    models.BooleanField(
                        default=False,
                        help_text="Puts a button under its text with which a subscriber stays on the list, and leaves the automation.",
                        verbose_name="asks whether to stay",
                    ),
                ),
                (
                    "test",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("read", "opened or clicked the letter before"),
                            ("not_read", "neither opened nor clicked the letter before"),
                            ("clicked", "clicked in the letter before"),
                            ("not_clicked", "did not click in the letter before"),
                            ("in", "is in the segment"),
                            ("not_in", "is not in the segment"),
                        ],
                        max_length=11,
                        verbose_name="whoever",
                    ),
                ),
                ("leaves", models.BooleanField(default=False, verbose_name="or leaves")),
                ("passed", models.PositiveIntegerField(default=0, editable=False, help_text="How many have done it.")),
                (
                    "turned",
                    models.PositiveIntegerField(
                        default=0, editable=False, help_text="Of a fork: whom its test was true of."
                    ),
                ),
            ],
            options={
                "verbose_name": "step",
                "ordering": ["automation", "ordering", "id"],
            },
        ),
        migrations.CreateModel(
            name="Enrolment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("round", models.PositiveSmallIntegerField(default=0)),
                ("due_at", models.DateTimeField(help_text="When the step at which it stands is done.")),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("finished", "Finished"), ("left", "Left")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("unsubscribed", "Unsubscribed"),
                            ("suppressed", "no mail may be sent to the address"),
                            ("erased", "Erased"),
                            ("reading", "reads again"),
                            ("stayed", "asked to stay"),
                            ("segment", "came into the segment that leaves"),
                            ("fork", "left at a fork or an end"),
                            ("ended", "the automation was ended"),
                            ("staff", "taken out by staff"),
                        ],
                        db_default="",
                        default="",
                        max_length=12,
                    ),
                ),
                (
                    "letter_is_out",
                    models.BooleanField(
                        db_default=False, default=False, help_text="Whether the letter of this step was queued."
                    ),
                ),
                ("entered_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ended_at", models.DateTimeField(null=True)),
                ("trouble", models.CharField(blank=True, db_default="", default="", max_length=200)),
            ],
            options={
                "ordering": ["-id"],
                "default_permissions": ("view",),
            },
        ),
        migrations.RemoveConstraint(
            model_name="consentact",
            name="consent_actor_known",
        ),
        migrations.RemoveConstraint(
            model_name="consentact",
            name="consent_change_known",
        ),
        migrations.AddField(
            model_name="briefing",
            name="round",
            field=models.PositiveSmallIntegerField(
                default=0,
                editable=False,
                help_text="Of an edition: for those who are in the automation for the how-manieth time.",
            ),
        ),
        migrations.AlterField(
            model_name="consentact",
            name="actor",
            field=models.CharField(
                choices=[
                    ("subscriber", "the subscriber"),
                    ("staff", "staff"),
                    ("import", "an import"),
                    ("server", "a mail server"),
                    ("retention", "the rules of retention"),
                    ("restore", "the restore of a backup"),
                    ("automation", "an automation"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="consentact",
            name="change",
            field=models.CharField(
                blank=True,
                choices=[
                    ("address", "Address changed for"),
                    ("each", "Chose each briefing of"),
                    ("digest", "Chose the weekly digest of"),
                    ("stays", "Chose to stay on"),
                ],
                db_default="",
                default="",
                help_text="What was changed, if that is the act.",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="consentact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("change", ""),
                    models.Q(("act", "changed"), ("change__in", ["address", "each", "digest", "stays"])),
                    _connector="OR",
                ),
                name="consent_change_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="consentact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("actor__in", ["subscriber", "staff", "import", "server", "retention", "restore", "automation"])
                ),
                name="consent_actor_known",
            ),
        ),
        migrations.AddField(
            model_name="automation",
            name="edited_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="automation",
            name="exit_segment",
            field=models.ForeignKey(
                blank=True,
                help_text="Looked at whenever something is about to happen to somebody.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="newsletter.segment",
                verbose_name="leaves who is in",
            ),
        ),
        migrations.AddField(
            model_name="automation",
            name="newsletter",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="automations", to="newsletter.newsletter"
            ),
        ),
        migrations.AddField(
            model_name="automation",
            name="segment",
            field=models.ForeignKey(
                blank=True,
                help_text="Nobody else enters; empty: everybody.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="newsletter.segment",
                verbose_name="only those in",
            ),
        ),
        migrations.AddField(
            model_name="automation",
            name="started_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="briefing",
            name="automation",
            field=models.ForeignKey(
                editable=False,
                help_text="Of a letter: whose it is. Its draft is edited; what was started is an edition of it.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="letters",
                to="newsletter.automation",
            ),
        ),
        migrations.AddField(
            model_name="automationstep",
            name="automation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="newsletter.automation"
            ),
        ),
        migrations.AddField(
            model_name="automationstep",
            name="segment",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="newsletter.segment",
            ),
        ),
        migrations.AddField(
            model_name="automationstep",
            name="target",
            field=models.ForeignKey(
                blank=True,
                help_text="A later step. Save new steps first to choose one of them.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="newsletter.automationstep",
                verbose_name="goes on at",
            ),
        ),
        migrations.AddField(
            model_name="briefing",
            name="step",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="letters",
                to="newsletter.automationstep",
            ),
        ),
        migrations.AddConstraint(
            model_name="briefing",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "draft"), ("step__isnull", False)),
                fields=("step",),
                name="briefing_one_draft_of_a_step",
            ),
        ),
        migrations.AddConstraint(
            model_name="briefing",
            constraint=models.CheckConstraint(
                condition=models.Q(("step", None), ("automation__isnull", False), _connector="OR"),
                name="briefing_step_of_an_automation",
            ),
        ),
        migrations.AddField(
            model_name="enrolment",
            name="automation",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="enrolments",
                to="newsletter.automation",
            ),
        ),
        migrations.AddField(
            model_name="enrolment",
            name="delivery",
            field=models.ForeignKey(
                help_text="The last letter.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="newsletter.delivery",
            ),
        ),
        migrations.AddField(
            model_name="enrolment",
            name="step",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="enrolments",
                to="newsletter.automationstep",
            ),
        ),
        migrations.AddField(
            model_name="enrolment",
            name="subscriber",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="enrolments",
                to="newsletter.subscriber",
            ),
        ),
        migrations.AddConstraint(
            model_name="automation",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "running", "paused", "ended"])),
                name="automation_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="automation",
            constraint=models.CheckConstraint(
                condition=models.Q(("begins__in", ["confirmed", "quiet"])), name="automation_begins_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="automation",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "draft"), ("started_at__isnull", False), _connector="OR"),
                name="automation_was_started",
            ),
        ),
        migrations.AddConstraint(
            model_name="automation",
            constraint=models.UniqueConstraint(
                fields=("newsletter", "name"),
                name="automation_name_once",
                violation_error_message="This newsletter has an automation of that name already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="automation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("begins", "confirmed"), ("state__in", ["running", "paused"])),
                fields=("newsletter",),
                name="automation_one_welcome",
                violation_error_message="Another automation begins with the confirmation already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="automationstep",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["wait", "letter", "fork", "pause", "unsubscribe", "leave"])),
                name="automation_step_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="automationstep",
            constraint=models.CheckConstraint(
                condition=models.Q(("unit__in", ["days", "hours"])), name="automation_step_unit_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="automationstep",
            constraint=models.CheckConstraint(
                condition=models.Q(("test__in", ["", "read", "not_read", "clicked", "not_clicked", "in", "not_in"])),
                name="automation_step_test_known",
            ),
        ),
        migrations.AddIndex(
            model_name="enrolment",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["step", "due_at"], name="enrolment_due"
            ),
        ),
        migrations.AddIndex(
            model_name="enrolment",
            index=models.Index(fields=["step", "-id"], name="enrolment_at_step"),
        ),
        migrations.AddIndex(
            model_name="enrolment",
            index=models.Index(fields=["automation", "-id"], name="enrolment_newest"),
        ),
        migrations.AddConstraint(
            model_name="enrolment",
            constraint=models.UniqueConstraint(fields=("automation", "subscriber", "round"), name="enrolment_once"),
        ),
        migrations.AddConstraint(
            model_name="enrolment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "waiting")),
                fields=("automation", "subscriber"),
                name="enrolment_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="enrolment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("reason", ""), ("state", "waiting"), ("step__isnull", False)),
                    models.Q(("ended_at__isnull", False), ("reason", ""), ("state", "finished")),
                    models.Q(("ended_at__isnull", False), ("state", "left"), models.Q(("reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="enrolment_state_whole",
            ),
        ),
    ]
