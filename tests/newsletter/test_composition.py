"""A draft from the newest articles and the booked ad, and what must be in order before it goes out."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from articles import documents, moves, publishing
from core.transitions import TransitionRefused
from newsletter.models import Briefing, BriefingItem
from newsletter.sending import approval, composition, drafts, freeze, sponsor_places
from sponsors.models import Claim
from tests.newsletter import factories
from tests.sponsors import factories as sponsors

pytestmark = pytest.mark.django_db


def today():
    return timezone.now().date()


def composed(newsletter, **fields):
    return drafts.new_briefing(newsletter=newsletter, issue_date=fields.get("issue_date", today()))


def headings(briefing):
    return [item.heading for item in briefing.items.order_by("ordering")]


def problems(briefing):
    return " ".join(approval.problems(briefing))


def test_a_draft_gets_the_articles_since_the_last_briefing_newest_first(weekly):
    factories.published("Old")
    first = composed(weekly)
    assert headings(first) == ["Old"]
    factories.published("Newer")
    factories.published("Newest")
    second = composed(weekly)
    assert headings(second) == ["Newest", "Newer"]
    assert (second.subject, second.preheader) == ("Newest", "On Newest.")
    item = second.items.get(heading="Newest")
    assert (item.text, item.url) == ("On Newest.", "http://localhost:8000/blog/newest/")


def test_a_draft_that_waits_takes_no_article_away_but_its_own(weekly):
    factories.published("Old")
    factories.briefing(weekly)
    assert headings(composed(weekly)) == ["Old"]


def test_a_cancelled_briefing_has_used_up_nothing(weekly):
    factories.published("Old")
    Briefing.objects.filter(pk=composed(weekly).pk).update(state="cancelled")
    assert headings(composed(weekly)) == ["Old"]


def test_two_drafts_of_one_day_have_two_addresses(weekly):
    assert composed(weekly).slug != composed(weekly).slug


def test_later_changes_of_an_article_do_not_reach_a_briefing(weekly):
    publication = factories.published("Before")
    briefing = composed(weekly)
    publication.title = "After"
    publication.save()
    assert headings(briefing) == ["Before"]


def test_a_link_of_a_draft_follows_an_article_that_moves(weekly):
    article = factories.published("Before").article
    briefing = composed(weekly)
    documents.apply_document(article, {**documents.document_of(article), "slug": "after"})
    publishing.publish(article)
    moves.follow_moved()
    assert briefing.items.get().url.endswith("/blog/after/")
    assert briefing.items.get().url.startswith("http")


def test_the_booked_ad_is_put_in_and_labelled(weekly):
    sold = sponsors.running("mail:weekly", day=sponsors.soon())
    factories.published("One")
    factories.published("Two")
    briefing = composed(weekly, issue_date=sponsors.soon())
    ad = briefing.items.get(kind="sponsor")
    assert (ad.label, ad.claim_id) == ("Paid advertisement", sold.claims.get().pk)
    assert [item.kind for item in briefing.items.order_by("ordering")] == ["article", "sponsor", "article"]


def test_the_ad_follows_the_day(weekly):
    sponsors.running("mail:weekly", day=sponsors.soon())
    briefing = composed(weekly, issue_date=sponsors.soon())
    briefing.issue_date = sponsors.soon(8)
    sponsor_places.place_sponsors(briefing)
    assert not briefing.items.shown().filter(kind="sponsor").exists()
    assert briefing.items.filter(kind="sponsor").exists(), "its place stays where the editor may have put it"


def test_a_draft_shows_the_ad_that_is_approved_meanwhile(weekly):
    briefing = composed(weekly, issue_date=sponsors.soon())
    sponsors.running("mail:weekly", day=sponsors.soon())
    assert "Paid advertisement" in composition.render(briefing, composition.plain_links("0", "0")).text
    assert not briefing.items.exists(), "looking at a draft changes nothing"


# What must be in order


def test_a_briefing_in_order_has_no_problems(weekly):
    factories.subscriptions(weekly, 1)
    assert approval.problems(factories.briefing(weekly)) == []


def test_nothing_of_what_is_missing_is_passed_over(weekly):
    briefing = factories.briefing(weekly, subject=" ", introduction="", items=[])
    factories.profile(postal_address="")
    found = problems(briefing)
    for words in ("subject is empty", "nothing in it but the ad", "no postal address", "Nobody is subscribed"):
        assert words in found


def test_a_link_to_an_unpublished_article_is_broken(weekly):
    factories.subscriptions(weekly, 1)
    publication = factories.published("Gone")
    briefing = composed(weekly)
    publishing.unpublish(publication.article)
    assert "“Gone” links to a page that is not published: /blog/gone/" in problems(briefing)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://localhost:8000/no-such/page/", "leads to no page of ours"),
        ("javascript:alert(1)", "is no web address"),
        ("", "has no link"),
    ],
)
def test_a_broken_link_is_named(weekly, url, words):
    briefing = factories.briefing(weekly, items=[{"heading": "Look", "url": url}])
    assert words in problems(briefing)


def test_a_mail_that_gmail_would_cut_is_too_long(weekly):
    factories.subscriptions(weekly, 1)
    long = [{"heading": "Long", "url": "https://example.com/", "text": "é" * 52_000}]
    assert "Gmail cuts a mail off at 102 kB" in problems(factories.briefing(weekly, items=long))


def test_a_booking_without_an_approved_creative_is_named_before_the_sponsor_misses_it(weekly):
    factories.subscriptions(weekly, 1)
    slot = sponsors.kind("mail:weekly")
    bought = sponsors.package({slot: 1})
    sponsors.open_days(slot, first=sponsors.soon(), days=1)
    sponsors.confirmed(bought, start=sponsors.soon())
    assert Claim.objects.filter(state="confirmed").exists()
    briefing = factories.briefing(weekly, issue_date=sponsors.soon())
    assert "Northwind Custody has booked the ad of" in problems(briefing)
    with pytest.raises(ValidationError, match="Nothing handed in yet: it has to come by"):
        approval.approve(briefing, by=factories.user())
    assert Briefing.objects.get().state == "draft"


def test_an_approval_in_the_past_is_refused(weekly):
    factories.subscriptions(weekly, 1)
    with pytest.raises(ValidationError, match="has passed already"):
        approval.approve(factories.briefing(weekly), by=factories.user(), at=timezone.now() - timedelta(hours=1))


def test_an_approval_can_be_withdrawn_until_it_is_frozen(weekly):
    factories.subscriptions(weekly, 1)
    briefing = factories.approved(weekly)
    approval.withdraw(briefing)
    assert Briefing.objects.get().state == "draft"
    approval.approve(briefing, by=factories.user())
    freeze.freeze(briefing.pk)
    with pytest.raises(TransitionRefused):
        approval.withdraw(briefing)


def test_only_one_of_two_approvals_counts(weekly):
    factories.subscriptions(weekly, 1)
    briefing = factories.briefing(weekly)
    same = Briefing.objects.get(pk=briefing.pk)
    approval.approve(briefing, by=factories.user())
    with pytest.raises(TransitionRefused, match="is approved"):
        approval.approve(same, by=factories.user())


@pytest.mark.parametrize("words", ["<script>alert(1)</script>", "{{ 7|add:7 }}", "<b>bold</b>"])
def test_words_are_words_in_every_rendering(weekly, words):
    briefing = factories.briefing(weekly, subject=words, introduction=words)
    BriefingItem.objects.update(heading=words, text=words)
    rendered = composition.render(briefing, composition.plain_links("0", "0"))
    assert words in rendered.text
    assert "<script>" not in rendered.html
    assert "<b>" not in rendered.html
