"""Everything besides articles that a large newsroom has piled up: made once in the benchmarks' own database."""

from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from articles.models import Article
from benchmarks import tally
from core.models import SiteProfile, User
from newsletter.models import Briefing, Newsletter
from sponsors.models import Package, PlacementKind
from surveys import release, seasons
from surveys.models import AwardCategory, Ballot

TROUBLED = 2_000
# Fields with a search of their own: (application, model, field).
CHOOSERS = [
    ("articles", "author", "portrait"), ("sponsors", "booking", "sponsor"),
    ("sponsors", "creative", "kind"), ("surveys", "awardcategory", "season"),
]  # fmt: skip

# One statement a table: filled from 1 to so many. {subscribers} and the like are numbers, put in below.
ROWS: list[tuple[str, int, str]] = [
    (
        "core_user",
        300,
        """
        (email, name, password, is_superuser, is_staff, is_active, date_joined, time_zone) SELECT 'staff' || n ||
        '@example.test', 'Person ' || n, '!', false, true, true, now(), ''
        """,
    ),
    (
        "articles_tag",
        5_000,
        """
        (slug, name) SELECT 'subject-' || n, 'Subject ' || n
        """,
    ),
    (
        "articles_imageasset",
        100_000,
        """
        (file, digest, name, alt, credit, width, height, focal_x, focal_y, renditions, created_at) SELECT
        'images/' || n || '.webp', md5(n::text), 'picture-' || n || '.jpg',
        'A chart of figure ' || n % 997 || ' by day', 'Agency ' || n % 31, 1200, 800, .5, .5, '[]', now() - n * interval '9 minutes'
        """,
    ),
    (
        "articles_redirect",
        50_000,
        """
        (path, target, automatic, created_at) SELECT '/blog/old-' || n || '/', '/blog/article-' || n || '/', n %
        3 > 0, now() - n * interval '1 hour'
        """,
    ),
    (
        "articles_auditentry",
        1_000_000,
        """
        (article_id, article_title, by_name, action, detail, at) SELECT 1 + n % 100000, 'Article ' || n %
        100000, 'Person ' || n % 300, (ARRAY['saved', 'published', 'submitted', 'scheduled', 'sent back',
        'unpublished'])[1 + n % 6], '', now() - n * interval '40 seconds'
        """,
    ),
    (
        "articles_comment",
        50_000,
        """
        (article_id, by_id, text, asks_id, created_at, resolved_at) SELECT {article} + n, {user} + n % 300, 'Is
        this figure right?', CASE WHEN n % 2 = 0 THEN {user} + n % 300 END, now() - n * interval '10 minutes',
        CASE WHEN n > 300 THEN now() END
        """,
    ),
    (
        "django_admin_log",
        500_000,
        """
        (action_time, user_id, content_type_id, object_id, object_repr, action_flag, change_message) SELECT
        now() - n * interval '1 minute', {user} + n % 300, {type}, 1 + n % 100000, 'Article ' || n % 100000, 2,
        '[]'
        """,
    ),
    (
        "core_outgoingmail",
        500_000,
        """
        (kind, recipient, subject, message, state, attempts, due_at, give_up_at, error, created_at, settled_at) SELECT
        (ARRAY['surveys.ballot', 'newsletter.confirm', 'newsletter.test', 'articles.comment'])[1 + n % 4],
        CASE WHEN n % 5000 = 0 THEN 'reader' || n || '@example.test' ELSE '' END, 'Please confirm', '', CASE WHEN n % 5000 = 0 THEN 'failed' ELSE 'sent' END, 1, now(),
        now(), '', now() - n * interval '5 seconds', now()
        """,
    ),
    (
        "newsletter_subscriber",
        0,
        """
        (email, canonical, name, created_at) SELECT email, email, '', now() - n * interval '1 minute' FROM
        (SELECT n, 'reader' || n || '@mail' || n % 400 || '.example' AS email
        """,
    ),
    (
        "newsletter_subscription",
        0,
        """
        (newsletter_id, subscriber_id, state, source, requested_at, requested_from, consent_text, confirmed_at,
        confirmed_from, unsubscribed_by) SELECT {newsletter}, {subscriber} + n - 1, 'confirmed', 'sign-up page',
        now(), '', '', now(), '', ''
        """,
    ),
    (
        "newsletter_suppression",
        100_000,
        """
        (digest, reason, note, created_at) SELECT encode(sha256(('gone' || n)::bytea), 'hex'), 'bounce', '550 no
        such mailbox', now()
        """,
    ),
    (
        "newsletter_briefing",
        700,
        """
        (newsletter_id, subject, preheader, introduction, issue_date, slug, state, trouble, candidates,
        delivered, failed, uncertain, skipped, created_at, approved_at, scheduled_at, frozen_at, sent_at) SELECT
        {newsletter}, 'Briefing ' || n, '', 'Good morning.', current_date - n, 'b-' || n, 'sent', '', 0, 0, 0,
        0, 0, now(), now(), now(), now(), now() - n * interval '1 day'
        """,
    ),
    (
        "newsletter_delivery",
        0,
        """
        (briefing_id, subscriber_id, state, attempts, due_at, sent_at, note) SELECT {briefing}, {subscriber} + n
        - 1, CASE WHEN n <= {troubled} THEN 'failed' ELSE 'sent' END, 1, now(), now(), ''
        """,
    ),
    (
        "newsletter_trackedlink",
        20,
        """
        (briefing_id, number, url) SELECT {briefing}, n, 'https://example.org/' || n
        """,
    ),
    (
        "newsletter_hit",
        400_000,
        """
        (delivery_id, link_id, kind, at, network, user_agent, verdict, reason) SELECT {delivery} + n, CASE WHEN
        n % 8 = 0 THEN {link} + n % 20 END, CASE WHEN n % 8 = 0 THEN 'click' ELSE 'open' END, now(), '', '',
        CASE WHEN n % 3 = 0 THEN 'machine' ELSE 'valid' END, CASE WHEN n % 3 = 0 THEN 'scanner' ELSE '' END
        """,
    ),
    (
        "sponsors_sponsor",
        500,
        """
        (name, category, website, contact_email, aliases, jurisdictions, created_at) SELECT 'Sponsor ' || n,
        'wallet', '', 'ads' || n || '@example.test', '{{}}', '{{}}', now()
        """,
    ),
    (
        "sponsors_rununit",
        5_000,
        """
        (kind_id, channel, date, ordinal, cutoff_at, phase) SELECT {kind}, 'web:article', current_date + 365 -
        n, 1, now(), 'past'
        """,
    ),
    (
        "sponsors_booking",
        5_000,
        """
        (company, contact_email, message, snapshot, price, currency, state, requested_at, package_id,
        sponsor_id) SELECT 'Sponsor ' || n % 500, 'ads@example.test', '', '{{"name": "Gold", "version": 1,
        "items": []}}', 900, 'USD', 'confirmed', now() - n * interval '5 hours', {package}, {sponsor} + n % 500
        """,
    ),
    (
        "sponsors_claim",
        5_000,
        """
        (unit_id, booking_id, state) SELECT {unit} + n - 1, {booking} + n - 1, 'confirmed'
        """,
    ),
    (
        "sponsors_adevent",
        500_000,
        """
        (claim_id, kind, nonce, at, ip_prefix, reason) SELECT {claim} + n % 5000, 'click', n::text, now() - n *
        interval '1 minute', '192.0.2.0', CASE WHEN n % 4 = 0 THEN 'scanner' ELSE '' END
        """,
    ),
    (
        "sponsors_creative",
        5_000,
        """
        (booking_id, kind_id) SELECT {booking} + n - 1, {kind}
        """,
    ),
    (
        "sponsors_creativeversion",
        5_000,
        """
        (creative_id, number, headline, body, link_url, image, image_alt, sha256, submitted_at) SELECT
        {creative} + n - 1, 1, 'Headline', '', 'https://example.test/', '', '', '', now()
        """,
    ),
    (
        "sponsors_disclosureentry",
        5_000,
        """
        (number, kind, booking_id, sponsor_name, tier, placements, at, sha256) SELECT n, 'booked', {booking} + n
        - 1, 'Sponsor ' || n % 500, 'gold', '{{}}', now(), md5(n::text)
        """,
    ),
    (
        "surveys_nomination",
        20_000,
        """
        (category_id, name, url, reason, state, created_at) SELECT {category}, 'Nominee ' || n, '', '', 'new',
        now()
        """,
    ),
]


def ensure(*, subscribers: int) -> None:
    """Let there be that many subscribers, a briefing to all of them, and what goes with a newsroom of that size."""
    SiteProfile(name="Benchmark", postal_address="1 Harbour Street, Port Vesper").save()
    newsletter, _ = Newsletter.objects.get_or_create(slug="large", defaults={"name": "Large"})
    package, _ = Package.objects.get_or_create(tier="gold", version=1, defaults={"price": 900, "summary": "For most."})
    kind, _ = PlacementKind.objects.get_or_create(slug="beside", defaults={"name": "Beside", "channel": "web:article"})
    category = AwardCategory.objects.filter(ballots__isnull=False).first() or _ballots(subscribers)
    known = {
        "newsletter": newsletter.pk,
        "package": package.pk,
        "kind": kind.pk,
        "category": category.pk,
        "troubled": TROUBLED,
        "article": Article.objects.order_by("pk").values_list("pk", flat=True)[0],
        "type": ContentType.objects.get_for_model(Article).pk,
    }
    filled = [_load(table, count or subscribers, statement, known) for table, count, statement in ROWS]
    if any(filled):
        sent = Briefing.objects.filter(pk=known["briefing"])
        sent.update(candidates=subscribers, delivered=subscribers - TROUBLED, failed=TROUBLED)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def _load(table: str, count: int, statement: str, known: dict[str, int]) -> bool:
    """Fill one table where it has fewer rows, and note its first key for those that refer to it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        if made := cursor.fetchone()[0] < count:
            print(f"newsroom: {count} rows of {table}", flush=True)
            source = f" FROM generate_series(1, {count}) n"
            source += ") each ORDER BY n" if "FROM (SELECT n" in " ".join(statement.split()) else ""
            cursor.execute(f"INSERT INTO {table} {statement.format(**known)}{source} ON CONFLICT DO NOTHING")
        cursor.execute(f"SELECT min(id) FROM {table}")
        known[table.partition("_")[2].removeprefix("run").removeprefix("tracked")] = cursor.fetchone()[0]
    return made


def _ballots(count: int) -> AwardCategory:
    """A season that was voted on by so many, closed and tallied."""
    category = tally.make_category()
    print(f"newsroom: {count} ballots", flush=True)
    tally.cast(category, count)
    seasons.close(category.season)
    category.refresh_from_db()
    release.tally(category)
    assert Ballot.objects.filter(category=category).exists()
    return category


def sent_to_all() -> Briefing:
    """The briefing that went to every subscriber."""
    return Briefing.objects.order_by("pk")[0]


def administrator() -> User:
    """Somebody with the role that may do the most."""
    user, _ = User.objects.get_or_create(email="bench@example.com", defaults={"is_staff": True})
    user.groups.add(Group.objects.get(name="administrator"))
    return user
