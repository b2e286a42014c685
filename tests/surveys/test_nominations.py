"""Nominations are counted together where they mean the same, decided on by the steward, and become an ordered shortlist."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone

from core import audit
from core.models import User
from core.transitions import TransitionRefused
from surveys import nominations, papers, seasons
from surveys.models import AwardCategory, Nomination, Season
from tests.html import one_line
from tests.surveys.factories import draft_season, released_season

pytestmark = pytest.mark.django_db


@pytest.fixture
def category():
    season = draft_season(nominees=())
    seasons.open_nominations(season)
    return AwardCategory.objects.select_related("season").get()


@pytest.fixture
def steward(client):
    user = User.objects.create_user("steward@example.com")
    user.groups.add(Group.objects.get(name="awards steward"))
    client.force_login(user)
    return client


def propose(category, *names, **fields):
    return [nominations.nominate(category=category, name=name, **fields) for name in names]


def counted(category):
    return {head.name: head.number for head in nominations.heads_of(category)}


def test_one_name_however_it_is_spelt_is_counted_together(category):
    propose(category, "Alpha Wallet", "alpha  wallet", "ALPHA-WALLET!", "Álpha Wallet", "Alpine")
    assert counted(category) == {"Alpha Wallet": 4, "Alpine": 1}


@pytest.mark.parametrize("name", ["月", "🚀", "…"])
def test_names_without_latin_letters_are_counted_too(category, name):
    propose(category, name, name, "Other")
    assert counted(category)[name] == 2


@pytest.mark.parametrize(
    ("one", "other", "are"),
    [
        ("Alpha Wallet", "Wallet Alpha", True),
        ("Alpha Wallet", "Alpha Walet", True),
        ("Alpha Wallet", "Alpine Safe", False),
        ("Ash", "Oak", False),
    ],
)
def test_what_looks_alike_is_offered_to_be_merged(category, one, other, are):
    propose(category, one, other, other)
    found = nominations.alike(list(nominations.heads_of(category)))
    assert [[head.name for head in group] for group in found] == ([[other, one]] if are else [])


def test_different_names_at_one_website_look_alike(category):
    propose(category, "Alpha", url="https://www.alpha.example/en")
    propose(category, "The Great Safe", url="https://alpha.example")
    assert len(nominations.alike(list(nominations.heads_of(category)))) == 1


def test_what_is_merged_is_decided_on_together(category):
    alpha, beta, gamma = propose(category, "Alpha", "Alpha Wallet", "Alpha Safe")
    nominations.merge([beta, gamma], into=beta, by=None)
    nominations.merge([alpha, beta], into=alpha, by=None)
    assert counted(category) == {"Alpha": 3}
    nominee = nominations.shortlist(alpha)
    assert set(Nomination.objects.values_list("state", "nominee")) == {("shortlisted", nominee.pk)}
    (late,) = propose(category, "alpha")
    assert (late.state, late.nominee) == ("shortlisted", nominee)
    gamma.refresh_from_db()
    nominations.separate(gamma, by=None)
    assert counted(category) == {"Alpha": 3, "Alpha Safe": 1}
    gamma.refresh_from_db()
    assert (gamma.state, gamma.nominee) == ("new", None)


def test_only_the_one_that_stands_for_others_is_decided_on(category):
    alpha, beta = propose(category, "Alpha", "Beta")
    nominations.merge([beta], into=alpha, by=None)
    for decide in (nominations.shortlist, nominations.decline):
        with pytest.raises(TransitionRefused, match="was merged into another"):
            decide(beta)
    with pytest.raises(TransitionRefused, match="was merged into another"):
        nominations.merge([alpha], into=beta, by=None)


def test_nothing_comes_in_after_the_time_even_before_the_clock_closed_it(category):
    Season.objects.update(nominations_open_at=None, nominations_close_at=timezone.now())
    with pytest.raises(TransitionRefused, match="not open"):
        propose(category, "Late")


def test_the_steward_merges_shortlists_and_declines_with_a_reason_on_one_page(steward, category):
    alpha, beta, gamma = propose(category, "Alpha Wallet", "Alpha Walet", "Gamma", reason="I like it")
    path = reverse("admin:surveys_season_nominations", args=[category.season_id])
    page = one_line(steward.get(path).content)
    assert "These look alike" in page
    assert "I like it" in page
    data = {"category": category.pk}
    steward.post(path, data | {"act": "merge", "pick": [alpha.pk, beta.pk], "keep": alpha.pk})
    assert counted(category) == {"Alpha Wallet": 2, "Gamma": 1}
    refused = steward.post(path, data | {"act": "decline", "pick": [gamma.pk], "reason": " "}, follow=True)
    assert "Say why" in refused.content.decode()
    steward.post(path, data | {"act": "decline", "pick": [gamma.pk], "reason": "No wallet"})
    page = steward.post(path, data | {"act": "shortlist", "pick": [alpha.pk]}, follow=True)
    assert "Gamma (1): No wallet" in one_line(page.content)
    assert category.nominees.get().name == "Alpha Wallet"
    assert [entry.action for entry in audit.entries_about(gamma)] == ["declined a nomination"]
    assert "Tick the nominations" in steward.post(path, data | {"act": "merge"}, follow=True).content.decode()


def test_the_shortlist_is_chosen_and_ordered_and_the_paper_has_that_order(steward, category):
    season = category.season
    zed, yon = propose(category, "Zed", "Yon")
    path = reverse("admin:surveys_season_shortlist", args=[season.pk])
    steward.post(path, {"category": category.pk, "add": [zed.pk], "name": " Xan "})
    one, two = category.nominees.all()
    assert [one.name, two.name] == ["Zed", "Xan"]
    data = {"category": category.pk, "shown": f"{one.pk},{two.pk}", "nominee": [one.pk, two.pk]}
    steward.post(path, data | {"nominee-place": ["2", "1"], "add": [yon.pk]})
    assert [each.name for each in category.nominees.all()] == ["Xan", "Zed", "Yon"]
    assert [each["name"] for each in papers._category(category)["nominees"]] == ["Xan", "Zed", "Yon"]
    steward.post(path, data | {"nominee-place": ["1", "2"], "nominee-remove": [one.pk]})
    assert [each.name for each in category.nominees.all()] == ["Xan", "Yon"]
    zed.refresh_from_db()
    assert zed.state == "new"


def test_a_nominee_who_came_on_meanwhile_is_not_taken_off(category):
    first = nominations.name_nominee(category, "First", by=None)
    second = nominations.name_nominee(category, "Second", by=None)
    nominations.arrange(category, [first.pk], shown=[first.pk], by=None)
    assert list(category.nominees.all()) == [first, second]


def test_the_shortlist_is_fixed_once_voting_has_opened(steward):
    season = draft_season()
    seasons.open_voting(season)
    path = reverse("admin:surveys_season_shortlist", args=[season.pk])
    category = season.categories.get()
    page = steward.post(path, {"category": category.pk, "name": "Late"}, follow=True)
    assert "the nominees are fixed" in page.content.decode()
    assert category.nominees.count() == 3


def test_last_years_season_is_copied_with_its_rules_and_without_its_votes(steward):
    season = draft_season("moon-2025", opens_at=None, closes_at=None, rules_html="<p>One vote</p>", rules_version="7")
    season.categories.update(method="irv", max_ranks=3, ties="lot", description="Which one?")
    page = steward.post(reverse("admin:surveys_season_copy", args=[season.pk]), follow=True)
    made = Season.objects.exclude(pk=season.pk).get()
    assert (made.title, made.state, made.rules_version, made.opens_at) == ("Moon Awards 2027", "draft", "7", None)
    category = made.categories.get()
    kept = ("slug", "title", "method", "max_ranks", "ties", "description")
    assert [getattr(category, name) for name in kept] == [getattr(season.categories.get(), name) for name in kept]
    assert not category.nominees.exists()
    assert page.redirect_chain[0][0] == reverse("admin:surveys_season_overview", args=[made.pk])


def test_a_released_season_can_be_copied_twice(steward):
    season = released_season()
    for _ in range(2):
        steward.post(reverse("admin:surveys_season_copy", args=[season.pk]))
    copies = Season.objects.exclude(pk=season.pk)
    assert sorted(copy.title for copy in copies) == ["Moon Awards 2027", "Moon Awards 2028"]
    assert not copies.filter(categories__released_at__isnull=False).exists()
    assert not copies.filter(categories__closed_at__isnull=False).exists()


@pytest.mark.parametrize(
    ("title", "after"),
    [("Moon Awards 2026", "Moon Awards 2027"), ("1999–2000", "1999–2001"), ("Moon 20261", "Moon 20261 (copy)")],
)
def test_the_copy_is_named_after_the_next_year(title, after):
    assert seasons.next_title(title) == after
