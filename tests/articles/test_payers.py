"""An article that names who pays us waits for a person, says so once it is disclosed, and is looked at whenever either changes."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from articles.by_the_clock import publish_due
from articles.documents import apply_document, document_of
from articles.models import Article, Publication
from articles.publishing import publish, schedule
from core.transitions import TransitionRefused
from sponsors import disclosures, flag_searches, flags
from sponsors.models import DisclosureEntry, Flag, FlagSearch
from tests.articles import factories
from tests.sponsors import factories as ads

pytestmark = pytest.mark.django_db
NAMED = {"type": "richtext", "html": "<p>We spoke to Northwind Custody.</p>"}


@pytest.fixture
def sponsor():
    return ads.running().sponsor


@pytest.fixture
def editor():
    return factories.user("editor")


def settled(article, verdict, editor):
    (flag,) = flags.look_at("article", article.pk)
    flags.decide(flag, verdict, by=editor)
    return flag


def page_of(client, article):
    return client.get(f"/blog/{article.slug}/").content.decode()


def test_an_open_flag_holds_up_publishing_and_scheduling(sponsor):
    article = factories.article(NAMED)
    with pytest.raises(TransitionRefused, match="Northwind Custody pays us and is named in block 1"):
        publish(article)
    with pytest.raises(TransitionRefused, match="Decide its flag"):
        schedule(article, at=timezone.now() + timedelta(hours=1))


def test_words_in_a_callout_are_no_disclosure(sponsor):
    words = "Northwind Custody has never paid us."
    with pytest.raises(TransitionRefused):
        publish(factories.article({"type": "callout", "tone": "note", "html": words}))


def test_what_is_disclosed_prints_in_the_standing_words_with_its_date(sponsor, editor, client):
    article = factories.article(NAMED)
    settled(article, "disclosed", editor)
    publish(article)
    page = page_of(client, article)
    assert "Northwind Custody has paid us for advertising and is named here." in page
    assert f"{timezone.now():%-d %B %Y}" in page
    assert '"sponsor":[{"@type":"Organization","name":"Northwind Custody"}]' in page
    feeds = [client.get(f"/feed.{form}").content.decode() for form in ("xml", "atom", "json")]
    assert all("has paid us for advertising" in feed for feed in feeds)
    told = client.get(f"/api/v1/articles/{article.slug}/").json()
    assert told["sponsors_named"] == ["Northwind Custody"]
    assert told["disclosures"][0]["words"].startswith("Northwind Custody has paid us for advertising")


def test_who_is_not_meant_is_not_named(sponsor, editor, client):
    article = factories.article(NAMED)
    settled(article, "not them", editor)
    publish(article)
    assert "Who paid us and is named here: nobody" in page_of(client, article)


def test_what_is_held_is_not_published(sponsor, editor):
    article = factories.article(NAMED)
    settled(article, "held", editor)
    with pytest.raises(TransitionRefused, match="held until somebody decides otherwise"):
        publish(article)


@pytest.mark.parametrize(
    "html",
    [
        "<p>In Berlin, we spoke to Northwind Custody.</p>",
        "<p>We spoke to Northwind Custody. Northwind Custody won.</p>",
    ],
)
def test_other_words_around_a_name_open_its_flag_again(sponsor, editor, html):
    article = factories.article(NAMED)
    settled(article, "not them", editor)
    apply_document(article, {**document_of(article), "blocks": [{"type": "richtext", "html": html}]})
    with pytest.raises(TransitionRefused):
        publish(article)


def test_a_sponsor_who_is_called_otherwise_opens_the_flag_again(sponsor, editor):
    article = factories.article(NAMED)
    settled(article, "not them", editor)
    sponsor.name = "Northwind custody"
    sponsor.save()
    with pytest.raises(TransitionRefused):
        publish(article)


def test_a_decision_survives_the_text_elsewhere(sponsor, editor):
    article = factories.article(NAMED)
    settled(article, "disclosed", editor)
    apply_document(article, {**document_of(article), "blocks": [NAMED, {"type": "code", "code": "pass"}]})
    assert publish(article)


def test_an_ordinary_word_asks_and_holds_up_nothing():
    ads.running(company="Almanac")
    article = factories.article({"type": "richtext", "html": "<p>It is in the farmer's almanac.</p>"})
    publish(article)
    (flag,) = flags.look_at("article", article.pk)
    assert not flag.is_certain


def test_a_scheduled_article_is_looked_at_again_when_it_goes_out(editor, time_machine):
    article = factories.article(NAMED)
    schedule(article, at=timezone.now() + timedelta(hours=1))
    ads.running()
    ads.wait(time_machine, hours=2)
    publish_due()
    article.refresh_from_db()
    assert article.state == Article.State.SENT_BACK
    assert "Northwind Custody pays us" in article.sent_back_reason
    assert Flag.objects.open().count() == 1


def test_confirming_a_booking_finds_who_is_named_in_what_is_live(editor, client):
    article = factories.publication(NAMED).article
    assert "named here: nobody" in page_of(client, article)
    ads.running()
    while flag_searches.run(seconds=5):
        pass
    assert "named here: we are looking into it" in page_of(client, article)
    flags.decide(Flag.objects.open().get(), "disclosed", by=editor)
    assert "Northwind Custody has paid us" in page_of(client, article)


def test_a_search_goes_on_where_it_was(sponsor):
    for _ in range(3):
        factories.article(NAMED)
    FlagSearch.objects.update(finished_at=timezone.now())
    search = flag_searches.ask("a test")
    flag_searches.step(size=2)
    search.refresh_from_db()
    assert (search.looked_at, Flag.objects.count()) == (2, 2)
    flag_searches.run(seconds=5)
    search.refresh_from_db()
    assert search.finished_at
    assert Flag.objects.count() == 3


def test_a_draft_is_in_no_public_log_and_what_readers_see_is(sponsor, editor):
    article = factories.article(NAMED)
    settled(article, "disclosed", editor)
    assert not DisclosureEntry.objects.filter(kind="flag").exists()
    publish(article)
    publish(article)
    entry = DisclosureEntry.objects.get(kind="flag")
    assert article.title in entry.placements[0]
    assert "Disclosed" in entry.placements[2]
    assert disclosures.verify().broken is None


def test_the_public_log_has_the_title_that_readers_see(sponsor, editor):
    article = factories.article(NAMED)
    settled(article, "disclosed", editor)
    apply_document(article, {**document_of(article), "title": "Nobody may know yet"})
    publish(article, version=1)
    assert "Nobody may know yet" not in DisclosureEntry.objects.get(kind="flag").placements[0]


def test_a_search_mends_what_readers_were_told_before(client):
    article = factories.publication().article
    Publication.objects.update(paid=None)
    assert "named here: nobody" not in page_of(client, article)
    while flag_searches.run(seconds=5):
        pass
    assert "named here: nobody" in page_of(client, article)


class Deadly:
    """A source with a text over which a worker dies."""

    noun = "deadly"

    def keys(self, after, limit):
        return [7] if after < 7 else []

    def texts(self, key):
        raise SystemExit


def test_a_search_does_not_begin_again_with_the_text_that_a_worker_died_over():
    search = FlagSearch.objects.create(reason="a test", noun="deadly")
    flags.register(Deadly())
    try:
        with pytest.raises(SystemExit):
            flag_searches.step()
        assert flag_searches.step() == 0
    finally:
        del flags.SOURCES["deadly"]
    search.refresh_from_db()
    assert search.looked_at == 1


def test_an_old_version_that_comes_back_is_looked_at(editor, client):
    article = factories.article(NAMED)
    apply_document(article, {**document_of(article), "blocks": [{"type": "code", "code": "pass"}]})
    ads.running()
    client.force_login(editor)
    client.post(f"/admin/articles/article/{article.pk}/restore/1/", {"version": 2})
    assert Flag.objects.open().filter(about=article.pk).exists()


def test_a_text_that_goes_and_comes_back_is_open_again(sponsor, editor):
    article = factories.article(NAMED)
    settled(article, "not them", editor)
    named = document_of(article)
    apply_document(article, {**named, "blocks": [{"type": "code", "code": "pass"}]})
    assert flags.look_at("article", article.pk) == []
    apply_document(article, named)
    flags.look_at("article", article.pk)
    assert Flag.objects.open().count() == 1


def test_an_editor_decides_at_the_desk_and_nobody_who_sells(sponsor, editor, client):
    article = factories.article(NAMED)
    (flag,) = flags.look_at("article", article.pk)
    decide, said = f"/admin/sponsors/flag/{flag.pk}/decide/", {"verdict": "disclosed", "reason": "Named as an example"}
    client.force_login(factories.user("sponsorship manager"))
    assert client.post(decide, said).status_code == 403
    client.force_login(editor)
    assert decide in client.get(f"/admin/articles/article/{article.pk}/check/").content.decode()
    assert "Northwind Custody in" in client.get("/admin/").content.decode()
    client.post(decide, said)
    assert "Named as an example" in client.get(f"/admin/sponsors/flag/{flag.pk}/change/").content.decode()
    assert publish(article)


def test_a_list_of_flags_that_are_all_decided_leads_to_them(sponsor, editor, client):
    client.force_login(editor)
    assert "Nothing here yet." in client.get("/admin/sponsors/flag/").content.decode()
    settled(factories.article(NAMED), "not them", editor)
    assert 'Nothing waits here. <a href="?state=all">' in client.get("/admin/sponsors/flag/").content.decode()
    assert "Northwind Custody" in client.get("/admin/sponsors/flag/?state=all").content.decode()


def test_flags_and_decisions_are_never_changed(sponsor, editor):
    flag = settled(factories.article(NAMED), "held", editor)
    for rows, change in ((Flag.objects, {"words": "x"}), (flag.decisions, {"verdict": "not them"})):
        with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
            rows.update(**change)
