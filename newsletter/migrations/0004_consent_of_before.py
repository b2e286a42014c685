"""The first rows of the ledger, written from what the subscriptions and suppressions of before say.

Older imports took their own time for a date that they did not have or could not read: where a consent or an unsubscription
from an import bears the time at which the import made the subscriber, its date is unknown. The digests of suppressed
addresses come under the key. Going back leaves them there, since nothing leads from a keyed digest to a plain one.
"""

from hashlib import sha256
from typing import Any

from django.db import migrations

from core.lib.roles import grant
from newsletter.digests import digest_of, keyed

SUPPRESSED = """
    UPDATE newsletter_subscriber subscriber SET suppressed = suppression.reason FROM newsletter_suppression suppression
    WHERE suppression.digest = encode(sha256(convert_to(subscriber.canonical, 'UTF8')), 'hex')
"""
UNKNOWN_TIMES = """
    UPDATE newsletter_subscription subscription
    SET requested_at = CASE WHEN {made_up} THEN NULL ELSE requested_at END,
        confirmed_at = CASE WHEN {made_up} THEN NULL ELSE confirmed_at END,
        unsubscribed_at = CASE unsubscribed_by WHEN 'import' THEN NULL ELSE unsubscribed_at END
    FROM newsletter_subscriber subscriber
    WHERE subscriber.id = subscription.subscriber_id AND subscription.source LIKE 'import of %'
""".format(made_up="subscription.requested_at >= subscriber.created_at - interval '1 minute'")
SINCE = """
    UPDATE newsletter_subscription SET since = COALESCE(
        CASE state WHEN 'confirmed' THEN confirmed_at WHEN 'unsubscribed' THEN unsubscribed_at ELSE requested_at END,
        requested_at, now())
"""
ACTS = """
    INSERT INTO newsletter_consentact (subscriber_id, digest, newsletter_id, act, actor, by_name, way, wording_id,
        given_at, recorded_at, network, note)
    SELECT subscriber_id, '', newsletter_id, {act},
        CASE WHEN {imported} THEN 'import' WHEN {by_staff} THEN 'staff' ELSE 'subscriber' END, '', {way}, {wording},
        {given_at}, now(), {network}, 'from before the ledger'
    FROM newsletter_subscription subscription
    LEFT JOIN newsletter_wording wording ON wording.text = subscription.consent_text
    WHERE {where} ORDER BY subscription.id
"""
IMPORTED = "source LIKE 'import of %'"
ASKED = {
    "act": "'asked'",
    "imported": IMPORTED,
    "by_staff": "false",
    "way": "source",
    "wording": "wording.id",
    "given_at": "requested_at",
    "network": "requested_from",
    "where": f"NOT ({IMPORTED} AND state = 'confirmed')",
}
CONFIRMED = {
    "act": f"CASE WHEN {IMPORTED} THEN 'imported' ELSE 'confirmed' END",
    "imported": IMPORTED,
    "by_staff": "false",
    "way": "CASE WHEN " + IMPORTED + " THEN source ELSE 'confirmation link' END",
    "wording": "NULL::bigint",
    "given_at": "confirmed_at",
    "network": "confirmed_from",
    "where": "(state = 'confirmed' OR confirmed_at IS NOT NULL)",
}
LEFT = {
    "act": "'left'",
    "imported": "unsubscribed_by = 'import'",
    "by_staff": "unsubscribed_by = 'staff'",
    "way": "unsubscribed_by",
    "wording": "NULL::bigint",
    "given_at": "unsubscribed_at",
    "network": "''",
    "where": "(state = 'unsubscribed' OR unsubscribed_at IS NOT NULL)",
}
CAME_BACK = "(state = 'confirmed' AND unsubscribed_at IS NOT NULL)"  # so the confirmation is the later of the two
ABOUT_ADDRESSES = """
    INSERT INTO newsletter_consentact (digest, act, actor, by_name, way, given_at, recorded_at, network, note)
    SELECT digest,
        CASE reason WHEN 'bounce' THEN 'bounced' WHEN 'complaint' THEN 'complained' WHEN 'staff' THEN 'suppressed'
            ELSE 'erased' END,
        CASE reason WHEN 'staff' THEN 'staff' WHEN 'erased' THEN 'subscriber'
            ELSE CASE WHEN note LIKE 'import of %' THEN 'import' ELSE 'server' END END,
        '', '', created_at, now(), '', note
    FROM newsletter_suppression
"""
BATCH = 2000


def write(apps: Any, schema_editor: Any) -> None:
    wordings = apps.get_model("newsletter", "Wording").objects
    suppressions = apps.get_model("newsletter", "Suppression").objects
    subscriptions = apps.get_model("newsletter", "Subscription").objects
    texts = subscriptions.exclude(consent_text="").order_by().values_list("consent_text", flat=True).distinct()
    wordings.bulk_create([wordings.model(digest=sha256(text.encode()).hexdigest(), text=text) for text in texts])
    run = schema_editor.connection.cursor().execute
    run(SUPPRESSED)
    run(UNKNOWN_TIMES)
    run(SINCE)
    for kind, where in (ASKED, "true"), (LEFT, CAME_BACK), (CONFIRMED, "true"), (LEFT, f"NOT {CAME_BACK}"):
        run(ACTS.format(**{**kind, "where": f"{kind['where']} AND {where}"}))
    rows = list(suppressions.only("digest"))
    for row in rows:
        row.digest = keyed(row.digest)
    suppressions.bulk_update(rows, ["digest"], batch_size=BATCH)
    run(ABOUT_ADDRESSES)


def go_back(apps: Any, schema_editor: Any) -> None:
    """Put times where the older schema wants them, and plain digests where the address is known."""
    suppressions = apps.get_model("newsletter", "Suppression").objects
    known = (
        apps.get_model("newsletter", "Subscriber").objects.exclude(suppressed="").values_list("canonical", flat=True)
    )
    for canonical in known.iterator(BATCH):
        plain = sha256(canonical.encode()).hexdigest()
        suppressions.filter(digest=digest_of(canonical)).update(digest=plain)
    run = schema_editor.connection.cursor().execute
    run("ALTER TABLE newsletter_consentact DISABLE TRIGGER USER")
    run("DELETE FROM newsletter_consentact")
    run("ALTER TABLE newsletter_consentact ENABLE TRIGGER USER")
    run(
        "UPDATE newsletter_subscription SET requested_at = COALESCE(requested_at, since),"
        " confirmed_at = CASE state WHEN 'confirmed' THEN COALESCE(confirmed_at, since) ELSE confirmed_at END,"
        " unsubscribed_at = CASE state WHEN 'unsubscribed' THEN COALESCE(unsubscribed_at, since)"
        " ELSE unsubscribed_at END"
    )


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0003_consent_ledger")]
    operations = [
        migrations.RunPython(write, go_back),
        grant({role: ["newsletter.view_consentact"] for role in ("newsletter manager", "administrator")}),
    ]
