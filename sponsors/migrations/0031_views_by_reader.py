"""Views of ads added up by reader as they are written, and the places from which buyers opened their pages on a day."""

import django.db.models.deletion
from django.db import migrations, models

REASONS = [
    ("", "counted"),
    ("repeat", "Same reader again"),
    ("address", "Too many readers at one address"),
    ("network", "Too many readers in one network"),
    ("hosted", "From a data centre"),
    ("sponsor", "The sponsor’s own people"),
    ("head", "Asked for headers only"),
    ("prefetch", "Fetched ahead by a browser"),
    ("no agent", "No user agent"),
    ("scanner", "Crawler or link scanner"),
    ("staff", "Our own staff"),
    ("foreign", "Sent from another site"),
    ("test", "Test or preview"),
    ("too soon", "Before or within seconds of delivery"),
    ("burst", "Many links within seconds"),
    ("canary", "Followed a link nobody can see"),
    ("withdrawn", "Ad no longer approved or booked"),
    ("expired", "Long after its day"),
]
KEY = ("day", "claim_id", "reason", "network", "place", "visitor")
# What was written before, added up as it would have been; the table of each coming day is made ahead of it.
TABLE = """
CREATE TABLE sponsors_adreader (
    day date NOT NULL,
    claim_id bigint NOT NULL,
    reason varchar(10) NOT NULL,
    network bigint NOT NULL,
    place bigint NOT NULL,
    visitor bigint NOT NULL,
    number bigint NOT NULL,
    PRIMARY KEY (day, claim_id, reason, network, place, visitor)
) PARTITION BY RANGE (day);
DO $$
DECLARE
    part text;
    its_day date;
BEGIN
    FOR part IN SELECT relid::text FROM pg_partition_tree('sponsors_adview') WHERE isleaf AND level = 1 LOOP
        its_day := to_date(right(part, 8), 'YYYYMMDD');
        EXECUTE format('CREATE TABLE %I PARTITION OF sponsors_adreader FOR VALUES FROM (%L) TO (%L)',
                       replace(part, 'adview', 'adreader'), its_day, its_day + 1);
    END LOOP;
END $$;
INSERT INTO sponsors_adreader (day, claim_id, reason, network, place, visitor, number)
SELECT day, claim_id, reason, network, place, visitor, count(*) FROM sponsors_adview GROUP BY 1, 2, 3, 4, 5, 6;
"""


class Migration(migrations.Migration):
    dependencies = [("sponsors", "0030_roles_of_corrections")]
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="AdReader",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                *KEY, blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("day", models.DateField()),
                        ("claim_id", models.BigIntegerField()),
                        ("reason", models.CharField(blank=True, choices=REASONS, max_length=10)),
                        ("network", models.BigIntegerField()),
                        ("place", models.BigIntegerField()),
                        ("visitor", models.BigIntegerField()),
                        ("number", models.BigIntegerField()),
                    ],
                    options={"db_table": "sponsors_adreader", "default_permissions": ()},
                ),
            ],
            database_operations=[migrations.RunSQL(TABLE, "DROP TABLE sponsors_adreader")],
        ),
        migrations.CreateModel(
            name="BuyerDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("place", models.BigIntegerField()),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="sponsors.booking"
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=("day", "booking", "place"), name="buyer_day_once"),
                ],
            },
        ),
    ]
