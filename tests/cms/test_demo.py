"""The demo newsroom: its files hold together, and it is loaded once, whole, and never again."""

import json
import re
import stat
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.utils import timezone

from articles.blocks import KINDS
from articles.desk.comments import threads_of
from articles.documents import document_of
from articles.models import Article, ArticleTemplate, Publication, Tag
from cms.demo import accounts, content, loader
from cms.models import DemoMark
from core.lib.html import text_of
from core.models import Heartbeat, OutgoingMail, RunningProcess, User
from newsletter.models import Briefing, Hit, Newsletter
from newsletter.sending.drafts import new_briefing
from newsletter.stats import readings
from sponsors import availability
from sponsors.models import Package
from surveys.models import Season
from tests.sponsors.factories import shown_on

ARTICLES = content.articles()
SLUGS = {entry["slug"] for entry in ARTICLES}


# The files


def _images(value):
    """Every mapping with a source, wherever it is."""
    if isinstance(value, dict):
        if "src" in value:
            yield value
        for inner in value.values():
            yield from _images(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _images(inner)


def _words(entry):
    parts = [entry["standfirst"]]
    for block in entry["blocks"]:
        parts += [text_of(block.get("html", "")), text_of(block.get("answer", "")), block.get("question", "")]
        parts += [block.get("text", ""), block.get("csv", "").replace(",", " "), block.get("caption", "")]
    return len(" ".join(parts).split())


def test_articles_show_every_kind_of_block():
    assert {block["type"] for entry in ARTICLES for block in entry["blocks"]} == set(KINDS)


def test_fourteen_articles_or_more_have_substance():
    assert sum(700 <= _words(entry) <= 1600 for entry in ARTICLES if entry["state"] == "published") >= 14


def test_articles_stand_at_every_step_before_readers():
    assert {entry["state"] for entry in ARTICLES} == {"draft", "in_review", "scheduled", "published"}


@pytest.mark.parametrize("entry", ARTICLES, ids=lambda entry: entry["slug"])
def test_links_between_articles_lead_somewhere(entry):
    linked = set(re.findall(r"/blog/([\w-]+)/", str(entry)))
    linked |= {block["article"] for block in entry["blocks"] if block["type"] == "related"}

    assert linked <= SLUGS


@pytest.mark.parametrize("name", ["newsroom", "sponsors", *(f"articles/{slug}" for slug in sorted(SLUGS))])
def test_every_image_is_described_there_and_small(name):
    for image in _images(content.read(name)):
        assert image["alt"].strip()
        assert (content.IMAGES / image["src"]).stat().st_size <= 60_000


@pytest.mark.parametrize("entry", ARTICLES, ids=lambda entry: entry["slug"])
def test_programs_in_articles_run_and_print_what_they_say(entry, capsys):
    names = {}
    for block in entry["blocks"]:
        if block.get("language") != "python":
            continue
        exec(block["code"], names)
        printed = capsys.readouterr().out.splitlines()
        said = re.findall(r"# ([\d.]+(?: [\d.]+|%|…)?)$", block["code"], re.MULTILINE)
        assert not said or len(said) == len(printed)
        assert all(line.startswith(words.rstrip("…")) for line, words in zip(printed, said, strict=False))


def test_the_bitcoin_etf_ballots_are_the_published_ones():
    [season] = [season for season in content.read("awards")["seasons"] if season["slug"] == "moon-awards-2025"]
    category = season["categories"][0]

    assert category["slug"] == "bitcoin-etf"
    assert [nominee["votes"] for nominee in category["nominees"]] == [292, 180, 41, 22, 21, 19, 5]
    assert category["write_ins"] == 8


def test_nobody_can_receive_mail_at_the_addresses_used():
    text = "".join(path.read_text() for path in content.FOLDER.glob("*.yaml"))

    assert all(re.search(r"\bexample\.(com|org|net)$", host) for host in re.findall(r"@([\w.-]+\w)", text))


# Loading


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker, tmp_path_factory):
    """The newsroom, loaded once for the tests of this file; each of them is undone after itself."""
    from django.db import transaction
    from django.test import override_settings

    lines = []
    with (
        django_db_blocker.unblock(),
        override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media"), VAR=tmp_path_factory.mktemp("var")),
        transaction.atomic(),
    ):
        loader.load(lines.append)
        yield lines
        transaction.set_rollback(True)


def _state_of_everything():
    from django.apps import apps

    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models()
        if model._meta.app_label in {"cms", "core", "articles", "newsletter", "sponsors", "surveys"}
        and not model._meta.proxy
        and model not in (Heartbeat, RunningProcess)  # a worker that another test has started goes on recording it
    }


def test_loading_tells_its_progress_in_few_lines(demo):
    assert 0 < len(demo) <= 10


def test_a_second_load_changes_nothing(demo, db):
    before = _state_of_everything()

    assert loader.load(pytest.fail) is False
    assert _state_of_everything() == before


def test_a_second_load_is_quick(demo, db, django_assert_max_num_queries):
    with django_assert_max_num_queries(3):
        loader.load(pytest.fail)


def test_an_article_that_was_deleted_or_changed_stays_so(demo, db):
    Article.objects.get(slug="proof-of-reserves").delete()
    Article.objects.filter(slug="gas-fees-explained").update(title="Ours now")
    DemoMark.objects.filter(key=loader.COMPLETE).delete()

    loader.load(lambda line: None)

    assert not Article.objects.filter(slug="proof-of-reserves").exists()
    assert Article.objects.get(slug="gas-fees-explained").title == "Ours now"


def test_an_interrupted_load_goes_on_where_it_stopped(demo, db):
    first, second = (tag["slug"] for tag in content.read("newsroom")["tags"][:2])
    Tag.objects.filter(slug__in=[first, second]).delete()
    DemoMark.objects.filter(key__in=[f"tag {first}", f"tag {second}", loader.COMPLETE]).delete()
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE cms_demomark ADD CONSTRAINT refuses_one CHECK (key <> 'tag {second}')")
        with pytest.raises(IntegrityError, match="refuses_one"):
            loader.load(lambda line: None)
        assert set(Tag.objects.filter(slug__in=[first, second]).values_list("slug", flat=True)) == {first}
        Tag.objects.filter(slug=first).update(name="Ours now")
        cursor.execute("ALTER TABLE cms_demomark DROP CONSTRAINT refuses_one")

    assert loader.load(lambda line: None) is True

    assert Tag.objects.get(slug=first).name == "Ours now"
    assert Tag.objects.filter(slug=second).exists()


def test_published_articles_read_well(demo, db, client):
    for publication in Publication.objects.live():
        assert client.get(publication.get_absolute_url()).status_code == 200


def test_links_into_the_site_lead_somewhere(demo, db, client):
    written = str(ARTICLES) + str(content.read("site")) + str(content.read("newsroom")) + str(content.read("sponsors"))
    unpublished = {f"/blog/{entry['slug']}/" for entry in ARTICLES if entry["state"] != "published"}
    links = set(re.findall(r"""(?:href="|url': '|url": ")(/[^"']*)""", written)) - unpublished

    assert len(links) > 15
    assert {link: client.get(link).status_code for link in links} == dict.fromkeys(links, 200)


def test_dates_look_alive(demo, db):
    dates = list(Publication.objects.live().values_list("published_at", flat=True))

    assert (dates[0] - dates[-1]).days >= 60
    assert len({date.date() for date in dates}) == len(dates)


def test_every_role_has_an_account_that_signs_in(demo, db, client):
    password = accounts.password_file().read_text().strip()
    staff = content.read("newsroom")["staff"]

    for entry in staff:
        user = User.objects.get(email=entry["email"])
        assert user.check_password(password)
        assert [group.name for group in user.groups.all()] == [entry["role"]]


def test_the_password_is_kept_from_others(demo, db):
    assert stat.S_IMODE(accounts.password_file().stat().st_mode) == 0o600


def test_a_password_from_the_environment_reaches_only_accounts_that_have_the_old_one(demo, db, settings):
    kept = accounts.password_file().read_text()
    changed = User.objects.get(email="editor@example.com")
    changed.set_password("the editor's own")
    changed.save()
    settings.DEMO_PASSWORD = "from the environment"

    try:
        assert loader.load(lambda line: None)
    finally:
        accounts.password_file().write_text(kept)

    changed.refresh_from_db()
    assert changed.check_password("the editor's own")
    assert User.objects.get(email="writer@example.com").check_password("from the environment")


def test_production_gets_no_demo(db, settings):
    settings.PRODUCTION = True
    DemoMark.objects.all().delete()

    with pytest.raises(CommandError, match="production"):
        call_command("load_demo")
    assert not DemoMark.objects.exists()


def test_a_page_shows_the_tags_of_its_own_article(demo, db):
    for publication in Publication.objects.prefetch_related("tags"):
        [entry] = [entry for entry in ARTICLES if entry["slug"] == publication.slug]
        assert {tag.slug for tag in publication.tags.all()} == set(entry["tags"])


def test_the_finished_category_reproduces_the_published_shares(demo, db, capsys):
    call_command("tally", "moon-awards-2025", "bitcoin-etf", "--json")

    shares = json.loads(capsys.readouterr().out)["shares"]
    assert shares.pop("write-in") == "1.4"
    assert sorted(shares.values(), key=float, reverse=True) == ["49.7", "30.6", "7.0", "3.7", "3.6", "3.2", "0.9"]


def test_a_season_takes_votes(demo, db):
    [season] = Season.objects.taking_ballots()

    assert season.slug == "moon-awards-2026"
    assert season.categories.taking_ballots().count() == 5


def test_sponsors_stand_in_the_next_briefing_and_on_pages_now(demo, db):
    placed = {
        channel: shown_on(channel, timezone.now().date())
        for channel in ("mail:perigee-briefing", "web:article", "web:home")
    }

    assert {channel: placement.tier for channel, placement in placed.items() if placement} == {
        "mail:perigee-briefing": "gold",
        "web:article": "gold",
        "web:home": "silver",
    }


def test_a_place_that_nobody_bought_has_an_ad_of_the_house(demo, db):
    later = timezone.now().date() + timedelta(days=60)

    for channel in ("web:article", "web:home"):
        placement = shown_on(channel, later)
        assert placement is not None
        assert placement.is_house


def test_packages_can_be_booked(demo, db):
    packages = list(Package.objects.filter(on_sale=True).prefetch_related("items"))

    assert {package.tier for package in packages} == {"platinum", "gold", "silver"}
    assert all(availability.calendar([package]).starts(package, limit=1) for package in packages)


def test_two_briefings_went_out_and_were_read(demo, db):
    briefings = list(Briefing.objects.sent())

    assert len(briefings) == 2
    for reading in readings(briefings).values():
        assert 0 < reading.clicked < reading.opened < reading.delivered
    assert not Hit.objects.filter(verdict="").exists()


def test_a_new_briefing_begins_with_what_no_briefing_carried(demo, db):
    newsletter = Newsletter.objects.get(slug="perigee-briefing")

    briefing = new_briefing(newsletter=newsletter, issue_date=timezone.now().date())

    kinds = [item.kind for item in briefing.items.order_by("ordering")]
    assert kinds.count("article") >= 3
    assert kinds.count("sponsor") == 1


def test_no_mail_leaves_while_the_demo_is_loaded(demo, db):
    assert not OutgoingMail.objects.exists()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/blog/",
        "/blog/category/research/",
        "/blog/author/ines-calloway/",
        "/feed.xml",
        "/newsletter/archive/",
        "/newsletter/archive/perigee-briefing-six-bridges-and-a-staircase/",
        "/advertise/",
        "/sponsored-is-not-rated/",
        "/awards/",
        "/awards/moon-awards-2025/bitcoin-etf/",
        "/awards/moon-awards-2026/",
        "/awards/moon-awards-2026/vote/",
    ],
)
def test_pages_that_are_made_of_it_answer(demo, db, client, path):
    assert client.get(path).status_code == 200


def test_the_award_article_shows_the_counted_result(demo, db, client):
    page = client.get("/blog/moon-awards-2025-bitcoin-etf/").content.decode()

    assert "49.7" in page
    assert "292" in page
    assert "<figure" in page


def test_an_article_in_review_has_remarks_for_its_writer_one_on_a_passage_that_is_there(demo, db):
    [article] = Article.objects.filter(state="in_review")
    threads = threads_of(article, document_of(article))

    assert {thread.comment.by.email for thread in threads} == {"editor@example.com"}
    assert [bool(thread.comment.passage) for thread in threads] == [False, True]
    assert all(thread.is_in_text for thread in threads)


def test_a_series_a_footnote_and_templates_are_there_to_look_at(demo, db, client):
    page = client.get("/blog/life-of-a-bitcoin-transaction/").content.decode()

    assert "Part 1 of 3" in page
    assert "doc-endnotes" in page
    assert ArticleTemplate.objects.count() == 2
