"""Texts that briefings share, written by those who run newsletters: these, and no other snippet."""

import pytest
from django.urls import reverse

from articles.models import Snippet
from core import generation
from newsletter.models import BriefingItem, BriefingText
from newsletter.sending import approval
from surveys.models import Survey
from tests.articles import factories as articles
from tests.desks import address, opened, save
from tests.newsletter import factories
from tests.surveys.questionnaires import factories as asking

pytestmark = pytest.mark.django_db

LIST, ADD = reverse("admin:newsletter_briefingtext_changelist"), reverse("admin:newsletter_briefingtext_add")


@pytest.fixture
def manager(client):
    client.force_login(articles.user("newsletter manager"))
    return client


def test_a_newsletter_manager_writes_one_and_it_is_for_briefings(manager):
    manager.post(ADD, {"heading": "About us", "html": '<p><a href="a.example?fbclid=1">Us</a></p>'})
    text = Snippet.objects.get()
    assert (text.kind, text.slug, text.html) == ("text", "about-us", '<p><a href="https://a.example">Us</a></p>')
    save(manager, BriefingText.objects.get(), opened(manager, BriefingText.objects.get()), heading="Who we are")
    assert Snippet.objects.get().heading == "Who we are"


def test_a_link_that_nobody_may_publish_is_refused(manager):
    page = manager.post(ADD, {"heading": "About us", "html": "", "url": "javascript:alert(1)"}).content.decode()
    assert "A link starts with" in page
    assert not Snippet.objects.exists()


def test_other_snippets_are_not_theirs(manager):
    card = articles.card(heading="A card")
    assert "A card" not in manager.get(LIST).content.decode()
    for page in ("change", "delete", "history"):
        assert manager.get(f"/admin/newsletter/briefingtext/{card.pk}/{page}/")["Location"] == "/admin/"
        assert manager.get(address(card, page)).status_code == 403
    for page in ("keep", "conflict"):
        assert manager.get(f"/admin/newsletter/briefingtext/{card.pk}/{page}/").status_code in (404, 405)
        assert manager.post(f"/admin/newsletter/briefingtext/{card.pk}/{page}/", {"heading": "Mine"}).status_code in (
            403,
            404,
        )


def test_one_is_deleted_and_a_draft_that_has_it_says_so(manager):
    text = BriefingText.objects.create(slug="about", heading="About us")
    briefing = factories.briefing(factories.newsletter())
    BriefingItem.objects.create(briefing=briefing, kind="snippet", snippet=text)
    asked = manager.get(address(text, "delete"))
    manager.post(address(text, "delete"), {"post": "yes", "seen": asked.context["seen"]})
    assert not Snippet.objects.exists()
    assert "A reusable text is gone" in " ".join(approval.problems(briefing))


@pytest.mark.parametrize("by_another", [True, False])
def test_where_somebody_else_approves_the_words_of_a_text_are_part_of_it(by_another):
    text = BriefingText.objects.create(slug="about", heading="About us", html="<p>Ours.</p>")
    briefing = factories.briefing(factories.newsletter(approved_by_another=by_another))
    BriefingItem.objects.create(briefing=briefing, kind="snippet", snippet=text)
    before = approval.seen(briefing)
    text.html = "<p>Buy this coin.</p>"
    text.save()
    assert (approval.seen(briefing) != before) == by_another


@pytest.mark.parametrize("by_another", [True, False])
@pytest.mark.parametrize("words", [{"title": "Buy this coin"}, {"introduction": "<p>Buy this coin.</p>"}])
def test_so_are_the_words_of_a_survey_and_not_what_is_counted(by_another, words):
    survey = asking.opened(asking.page("p1", asking.choice()))
    briefing = factories.briefing(factories.newsletter(approved_by_another=by_another))
    BriefingItem.objects.create(briefing=briefing, kind="plugged", source=f"survey:{survey.slug}")
    before = approval.seen(briefing)
    asking.answered(survey, {"q1": "b"})
    assert approval.seen(briefing) == before
    Survey.objects.filter(pk=survey.pk).update(**words)
    generation.bump()
    assert (approval.seen(briefing) != before) == by_another


def test_who_saved_it_last_and_its_history_are_of_both_desks(manager):
    text = BriefingText.objects.create(slug="about", heading="About us")
    save(manager, text, opened(manager, text), heading="Who we are")
    manager.force_login(articles.user("editor"))
    card = Snippet.objects.get()
    save(manager, card, opened(manager, card), heading="Who we were")
    history = manager.get(address(card, "history")).content.decode()
    assert "newsletter-manager-" in history
    assert "editor-" in history.partition("newsletter-manager-")[2]
