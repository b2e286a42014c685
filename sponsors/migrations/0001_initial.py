import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Booking",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("company", models.CharField(max_length=120)),
                ("contact_email", models.EmailField(max_length=254)),
                ("message", models.TextField(blank=True)),
                ("snapshot", models.JSONField(editable=False, help_text="The package as it was quoted.")),
                ("price", models.DecimalField(decimal_places=2, editable=False, max_digits=10)),
                ("currency", models.CharField(editable=False, max_length=3)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("held", "Held"),
                            ("confirmed", "Confirmed"),
                            ("cancelled", "Cancelled"),
                            ("expired", "Expired"),
                        ],
                        default="held",
                        editable=False,
                        max_length=10,
                    ),
                ),
                ("hold_until", models.DateTimeField(blank=True, null=True)),
                ("requested_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("decided_at", models.DateTimeField(editable=False, null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-requested_at"],
                "permissions": [("decide_booking", "Can confirm and cancel bookings")],
            },
        ),
        migrations.CreateModel(
            name="Claim",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("held", "Held"), ("confirmed", "Confirmed"), ("released", "Released")],
                        default="held",
                        max_length=10,
                    ),
                ),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="claims", to="sponsors.booking"
                    ),
                ),
            ],
            options={
                "ordering": ["unit__date", "unit__channel", "id"],
            },
        ),
        migrations.CreateModel(
            name="Creative",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("retired_at", models.DateTimeField(blank=True, help_text="A retired ad does not run.", null=True)),
                (
                    "booking",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty for a house ad.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="creatives",
                        to="sponsors.booking",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "permissions": [("approve_creative", "Can approve and reject what others submitted")],
            },
        ),
        migrations.CreateModel(
            name="CreativeVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("headline", models.CharField(max_length=200)),
                ("body", models.TextField(blank=True)),
                ("link_url", models.CharField(max_length=2000, verbose_name="link")),
                (
                    "image",
                    models.ImageField(
                        blank=True, height_field="image_height", upload_to="creatives", width_field="image_width"
                    ),
                ),
                ("image_alt", models.CharField(blank=True, max_length=200, verbose_name="image description")),
                ("image_width", models.PositiveSmallIntegerField(editable=False, null=True)),
                ("image_height", models.PositiveSmallIntegerField(editable=False, null=True)),
                (
                    "sha256",
                    models.CharField(
                        editable=False, help_text="Of everything above, including the image's bytes.", max_length=64
                    ),
                ),
                ("submitted_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "creative",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="sponsors.creative"
                    ),
                ),
                (
                    "submitted_by",
                    models.ForeignKey(
                        help_text="Empty if the sponsor submitted it.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["creative", "-number"],
            },
        ),
        migrations.CreateModel(
            name="Approval",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "verdict",
                    models.CharField(choices=[("approved", "Approved"), ("rejected", "Rejected")], max_length=10),
                ),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "submitted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approvals",
                        to="sponsors.creativeversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="AdEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("click", "Click")], default="click", max_length=10)),
                (
                    "nonce",
                    models.CharField(help_text="Identifies the event: a repeat of it is not counted.", max_length=64),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ip_prefix", models.CharField(blank=True, help_text="An IPv4 /24 or an IPv6 /48.", max_length=43)),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "counted"),
                            ("repeat", "Same reader again"),
                            ("head", "Asked for headers only"),
                            ("prefetch", "Fetched ahead by a browser"),
                            ("no agent", "No user agent"),
                            ("scanner", "Crawler or link scanner"),
                            ("staff", "Our own staff"),
                            ("test", "Test or preview"),
                            ("too soon", "Before or within seconds of delivery"),
                            ("burst", "Many links within seconds"),
                            ("canary", "Followed a link nobody can see"),
                            ("withdrawn", "Ad no longer approved or booked"),
                            ("expired", "Long after its day"),
                        ],
                        default="",
                        max_length=10,
                    ),
                ),
                (
                    "claim",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="sponsors.claim"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        help_text="Empty for a click from a mail, which holds the ad as it was sent.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sponsors.creativeversion",
                    ),
                ),
            ],
            options={
                "verbose_name": "click on an ad",
                "verbose_name_plural": "clicks on ads",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="DisclosureEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(unique=True)),
                ("kind", models.CharField(choices=[("booked", "Booked"), ("cancelled", "Cancelled")], max_length=10)),
                ("sponsor_name", models.CharField(max_length=120)),
                ("tier", models.CharField(max_length=10)),
                (
                    "placements",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=120),
                        help_text="What and when, in plain words.",
                        size=None,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("sha256", models.CharField(max_length=64, unique=True)),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="disclosures", to="sponsors.booking"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "disclosure log",
                "ordering": ["-number"],
            },
        ),
        migrations.CreateModel(
            name="Package",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "tier",
                    models.CharField(
                        choices=[("platinum", "Platinum"), ("gold", "Gold"), ("silver", "Silver")], max_length=10
                    ),
                ),
                ("version", models.PositiveSmallIntegerField(default=1, editable=False)),
                ("summary", models.CharField(help_text="One sentence on whom it suits.", max_length=200)),
                (
                    "price",
                    models.DecimalField(
                        decimal_places=2, max_digits=10, validators=[django.core.validators.MinValueValidator(0)]
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        default="USD",
                        max_length=3,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Z]{3}$", "Write the currency as three capitals, such as USD."
                            )
                        ],
                    ),
                ),
                (
                    "on_sale",
                    models.BooleanField(default=False, help_text="One version of each tier is on sale at a time."),
                ),
                ("quoted_at", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "ordering": ["-price", "tier", "-version"],
                "constraints": [
                    models.UniqueConstraint(fields=("tier", "version"), name="package_version_unique"),
                    models.UniqueConstraint(
                        condition=models.Q(("on_sale", True)),
                        fields=("tier",),
                        name="package_one_on_sale_per_tier",
                        violation_error_message="Another version of this tier is on sale. Take that one off sale first.",
                    ),
                    models.CheckConstraint(condition=models.Q(("price__gte", 0)), name="package_price_not_negative"),
                    models.CheckConstraint(
                        condition=models.Q(("currency__regex", "^[A-Z]{3}$")), name="package_currency_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("tier__in", ["platinum", "gold", "silver"])), name="package_tier_known"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="booking",
            name="package",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="bookings", to="sponsors.package"
            ),
        ),
        migrations.CreateModel(
            name="PlacementKind",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("slug", models.SlugField(unique=True)),
                (
                    "channel",
                    models.CharField(
                        help_text="web:article, web:home, or mail: and a newsletter's slug.",
                        max_length=60,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^(web|mail):[a-z0-9-]+$",
                                "Write web:<place> or mail:<newsletter>, such as web:article.",
                            )
                        ],
                    ),
                ),
                (
                    "description",
                    models.CharField(blank=True, help_text="Where it is, in a buyer's words.", max_length=200),
                ),
                (
                    "position",
                    models.PositiveSmallIntegerField(
                        default=1, help_text="If a channel has several kinds, the first with an ad is shown."
                    ),
                ),
                ("headline_limit", models.PositiveSmallIntegerField(default=60, help_text="Characters.")),
                ("body_limit", models.PositiveSmallIntegerField(default=200, help_text="Characters.")),
                (
                    "image_sizes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            max_length=9,
                            validators=[
                                django.core.validators.RegexValidator(
                                    "^[1-9]\\d{1,3}x[1-9]\\d{1,3}$",
                                    "Write a size as width x height in pixels, such as 600x200.",
                                )
                            ],
                        ),
                        blank=True,
                        default=list,
                        help_text="Sizes such as 600x200, separated by commas; an image has one of them exactly, or twice it.",
                        size=None,
                    ),
                ),
                (
                    "cutoff_hours",
                    models.PositiveSmallIntegerField(
                        default=24, help_text="Hours before its day by which a creative must be submitted."
                    ),
                ),
            ],
            options={
                "ordering": ["channel", "position", "name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("channel__regex", "^(web|mail):[a-z0-9-]+$")), name="kind_channel_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("body_limit__gt", 0), ("headline_limit__gt", 0)),
                        name="kind_limits_positive",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PackageItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "quantity",
                    models.PositiveSmallIntegerField(
                        default=1, validators=[django.core.validators.MinValueValidator(1)]
                    ),
                ),
                (
                    "package",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="items", to="sponsors.package"
                    ),
                ),
                (
                    "kind",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="sponsors.placementkind"
                    ),
                ),
            ],
            options={
                "ordering": ["kind__channel", "kind__position", "id"],
            },
        ),
        migrations.AddField(
            model_name="creative",
            name="kind",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="creatives", to="sponsors.placementkind"
            ),
        ),
        migrations.CreateModel(
            name="RunUnit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "channel",
                    models.CharField(
                        help_text="The kind's channel when the unit was put on sale.",
                        max_length=60,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^(web|mail):[a-z0-9-]+$",
                                "Write web:<place> or mail:<newsletter>, such as web:article.",
                            )
                        ],
                    ),
                ),
                ("date", models.DateField()),
                ("ordinal", models.PositiveSmallIntegerField(default=1)),
                ("cutoff_at", models.DateTimeField(help_text="A creative submitted later does not run in this unit.")),
                (
                    "phase",
                    models.CharField(
                        choices=[("ahead", "Ahead"), ("today", "Today"), ("past", "Past")],
                        default="ahead",
                        editable=False,
                        max_length=5,
                    ),
                ),
                (
                    "kind",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="units", to="sponsors.placementkind"
                    ),
                ),
            ],
            options={
                "verbose_name": "place on a day",
                "verbose_name_plural": "calendar of places",
                "ordering": ["date", "channel", "kind", "ordinal"],
            },
        ),
        migrations.AddField(
            model_name="claim",
            name="unit",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="claims", to="sponsors.rununit"
            ),
        ),
        migrations.CreateModel(
            name="Sponsor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("exchange", "Exchange or broker"),
                            ("wallet", "Wallet or custody"),
                            ("protocol", "Protocol or token"),
                            ("infrastructure", "Infrastructure or data"),
                            ("other", "Something else"),
                        ],
                        default="other",
                        max_length=20,
                    ),
                ),
                (
                    "website",
                    models.URLField(
                        blank=True, validators=[django.core.validators.URLValidator(schemes=["http", "https"])]
                    ),
                ),
                ("contact_email", models.EmailField(blank=True, max_length=254)),
                (
                    "aliases",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        blank=True,
                        default=list,
                        help_text="Other names a text may call it by (products, tickers such as $ABC), separated by commas.",
                        size=None,
                    ),
                ),
                (
                    "jurisdictions",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=2),
                        blank=True,
                        default=list,
                        help_text="Country codes it advertises to, separated by commas.",
                        size=None,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("name"),
                        name="sponsor_name_unique",
                        violation_error_message="There is a sponsor of this name.",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="booking",
            name="sponsor",
            field=models.ForeignKey(
                blank=True,
                help_text="Set when it is confirmed, at the latest.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="bookings",
                to="sponsors.sponsor",
            ),
        ),
        migrations.AddConstraint(
            model_name="creativeversion",
            constraint=models.UniqueConstraint(fields=("creative", "number"), name="creative_version_number_unique"),
        ),
        migrations.AddConstraint(
            model_name="creativeversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("link_url__regex", "^https?://")), name="creative_version_link_is_http"
            ),
        ),
        migrations.AddConstraint(
            model_name="creativeversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("image", ""), models.Q(("image_alt", ""), _negated=True), _connector="OR"),
                name="creative_version_image_is_described",
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(("verdict__in", ["approved", "rejected"])), name="approval_verdict_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("submitted_by__isnull", True),
                    models.Q(("by", models.F("submitted_by")), _negated=True),
                    _connector="OR",
                ),
                name="approval_not_by_submitter",
                violation_error_message="It must be approved by someone other than the person who submitted it.",
            ),
        ),
        migrations.AddConstraint(
            model_name="approval",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("verdict", "rejected"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="approval_rejection_has_reason",
            ),
        ),
        migrations.AddIndex(
            model_name="adevent",
            index=models.Index(fields=["claim", "reason"], name="ad_event_by_claim"),
        ),
        migrations.AddIndex(
            model_name="adevent",
            index=models.Index(fields=["reason", "-id"], name="ad_event_by_reason"),
        ),
        migrations.AddConstraint(
            model_name="adevent",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reason", "")), fields=("claim", "kind", "nonce"), name="ad_event_counted_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="adevent",
            constraint=models.CheckConstraint(condition=models.Q(("kind__in", ["click"])), name="ad_event_kind_known"),
        ),
        migrations.AddConstraint(
            model_name="disclosureentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["booked", "cancelled"])), name="disclosure_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="packageitem",
            constraint=models.UniqueConstraint(fields=("package", "kind"), name="package_item_kind_unique"),
        ),
        migrations.AddConstraint(
            model_name="packageitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("quantity__gte", 1)), name="package_item_quantity_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="creative",
            constraint=models.UniqueConstraint(fields=("booking", "kind"), name="creative_one_per_booking_and_kind"),
        ),
        migrations.AddConstraint(
            model_name="creative",
            constraint=models.UniqueConstraint(
                condition=models.Q(("booking__isnull", True), ("retired_at__isnull", True)),
                fields=("kind",),
                name="creative_one_house_ad_per_kind",
            ),
        ),
        migrations.AddIndex(
            model_name="rununit",
            index=models.Index(fields=["channel", "date"], name="run_unit_by_day"),
        ),
        migrations.AddIndex(
            model_name="rununit",
            index=models.Index(
                condition=models.Q(("phase", "past"), _negated=True), fields=["date"], name="run_unit_turning"
            ),
        ),
        migrations.AddConstraint(
            model_name="rununit",
            constraint=models.UniqueConstraint(fields=("kind", "channel", "date", "ordinal"), name="run_unit_unique"),
        ),
        migrations.AddConstraint(
            model_name="rununit",
            constraint=models.CheckConstraint(
                condition=models.Q(("ordinal__gte", 1)), name="run_unit_ordinal_from_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["held", "confirmed"])),
                fields=("unit",),
                name="claim_one_live_per_unit",
            ),
        ),
        migrations.AddConstraint(
            model_name="claim",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["held", "confirmed", "released"])), name="claim_state_known"
            ),
        ),
        migrations.AddIndex(
            model_name="booking",
            index=models.Index(condition=models.Q(("state", "held")), fields=["hold_until"], name="booking_held"),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["held", "confirmed", "cancelled", "expired"])),
                name="booking_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "held"), _negated=True), ("hold_until__isnull", False), _connector="OR"
                ),
                name="booking_hold_has_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "confirmed"), _negated=True), ("sponsor__isnull", False), _connector="OR"
                ),
                name="booking_confirmed_has_sponsor",
            ),
        ),
        migrations.AddConstraint(
            model_name="booking",
            constraint=models.CheckConstraint(condition=models.Q(("price__gte", 0)), name="booking_price_not_negative"),
        ),
        migrations.AddIndex(
            model_name="adevent",
            index=models.Index(
                condition=models.Q(("ip_prefix", ""), _negated=True), fields=["at"], name="ad_event_with_network"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="adevent",
            trigger=pgtrigger.compiler.Trigger(
                name="frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."claim_id" IS DISTINCT FROM (NEW."claim_id") OR OLD."version_id" IS DISTINCT FROM (NEW."version_id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."nonce" IS DISTINCT FROM (NEW."nonce") OR OLD."at" IS DISTINCT FROM (NEW."at") OR OLD."reason" IS DISTINCT FROM (NEW."reason"))',
                    func="RAISE EXCEPTION 'Clicks are never changed or deleted: reports add them up.' USING ERRCODE = 'restrict_violation';",
                    hash="f4252d70e40c36bc7e53356a4798e9aa3624b990",
                    operation="UPDATE",
                    pgid="pgtrigger_frozen_098a3",
                    table="sponsors_adevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="adevent",
            trigger=pgtrigger.compiler.Trigger(
                name="emptied_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."ip_prefix" IS DISTINCT FROM (NEW."ip_prefix") AND NOT (NEW."ip_prefix" = \'\'))',
                    func="RAISE EXCEPTION 'Clicks are never changed or deleted: reports add them up.' USING ERRCODE = 'restrict_violation';",
                    hash="604db31a7f065840ab650aacbfa46d22b90aed43",
                    operation="UPDATE",
                    pgid="pgtrigger_emptied_only_901bc",
                    table="sponsors_adevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="adevent",
            trigger=pgtrigger.compiler.Trigger(
                name="never_deleted",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Clicks are never changed or deleted: reports add them up.' USING ERRCODE = 'restrict_violation';",
                    hash="237840fe0286b8c4750bb6009d19db8e1465644e",
                    level="STATEMENT",
                    operation="DELETE OR TRUNCATE",
                    pgid="pgtrigger_never_deleted_36b8a",
                    table="sponsors_adevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="approval",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Verdicts are never changed or deleted: a new verdict is a new row.' USING ERRCODE = 'restrict_violation';",
                    hash="f2add63913141240344efc3a9bed1f3c1595eef6",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE OR TRUNCATE",
                    pgid="pgtrigger_append_only_64368",
                    table="sponsors_approval",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="creativeversion",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'What was submitted is never changed or deleted: an edit is a new version.' USING ERRCODE = 'restrict_violation';",
                    hash="371dcb3901f60c328fedd2e64d5aa2ddfb9eb2b5",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE OR TRUNCATE",
                    pgid="pgtrigger_append_only_bdad0",
                    table="sponsors_creativeversion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="disclosureentry",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'Entries of the disclosure log are never changed or deleted: it is public.' USING ERRCODE = 'restrict_violation';",
                    hash="4b52b77798913f7a05e43d6bd82651360b4f6c11",
                    level="STATEMENT",
                    operation="UPDATE OR DELETE OR TRUNCATE",
                    pgid="pgtrigger_append_only_8e34d",
                    table="sponsors_disclosureentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="package",
            trigger=pgtrigger.compiler.Trigger(
                name="frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."quoted_at" IS NOT NULL AND (OLD."tier" IS DISTINCT FROM (NEW."tier") OR OLD."version" IS DISTINCT FROM (NEW."version") OR OLD."summary" IS DISTINCT FROM (NEW."summary") OR OLD."price" IS DISTINCT FROM (NEW."price") OR OLD."currency" IS DISTINCT FROM (NEW."currency") OR OLD."quoted_at" IS DISTINCT FROM (NEW."quoted_at")))',
                    func="RAISE EXCEPTION 'This package was quoted to someone, so it can no longer change. Make a new version.' USING ERRCODE = 'restrict_violation';",
                    hash="4ba68826b9ed3ab6716c359f632b8af8ba9e266a",
                    operation="UPDATE",
                    pgid="pgtrigger_frozen_0f17b",
                    table="sponsors_package",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="packageitem",
            trigger=pgtrigger.compiler.Trigger(
                name="frozen",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF EXISTS (SELECT FROM sponsors_package WHERE quoted_at IS NOT NULL AND id IN (OLD.package_id, NEW.package_id)) THEN RAISE EXCEPTION 'This package was quoted to someone, so it can no longer change. Make a new version.' USING ERRCODE = 'restrict_violation'; END IF; RETURN COALESCE(NEW, OLD);",
                    hash="10298641e70800693aef1706c98242fd203985e4",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_frozen_ba2f6",
                    table="sponsors_packageitem",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="packageitem",
            trigger=pgtrigger.compiler.Trigger(
                name="never_truncated",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'This package was quoted to someone, so it can no longer change. Make a new version.' USING ERRCODE = 'restrict_violation';",
                    hash="e8664bf917ecfa3ed3dc0a35598cba0083aac3a8",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_never_truncated_37981",
                    table="sponsors_packageitem",
                    when="BEFORE",
                ),
            ),
        ),
    ]
