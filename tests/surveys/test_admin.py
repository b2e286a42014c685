"""The steward runs a season from the admin, by the same functions as everything else; others cannot."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from articles.models import Article
from core import audit
from core.models import AuditEntry, User
from core.transitions import TransitionRefused
from surveys import nominations, release, seasons
from surveys.admin.seasons import NomineeForm
from surveys.models import AwardCategory, Ballot, LedgerEntry, Nomination, Nominee, Season, Tally
from tests.html import one_line
from tests.surveys.factories import cast, draft_season, open_season, released_season

pytestmark = pytest.mark.django_db
MODELS = ["season", "awardcategory", "nomination", "tally", "ballot", "ledgerentry", "treehead"]


@pytest.fixture
def sign_in(client):
    def run(role):
        user = User.objects.create_user(f"{role.split()[0]}@example.com")
        user.groups.add(Group.objects.get(name=role))
        client.force_login(user)
        return client

    return run


def offered(client, row):
    """The step that a season's or category's own page offers, as its form posts it."""
    name = "season_overview" if isinstance(row, Season) else "awardcategory_step"
    page = client.get(reverse(f"admin:surveys_{name}", args=[row.pk]))
    return page.context["next"] if page.status_code == 200 else None


def take(client, row, name=None, **posted):
    """Press the one button of a season's or category's page; another step than its own is asked for by name."""
    found = offered(client, row)
    data = {"step": name or found.step.name, "seen": found.seen if found else "", "sure": "on"} | posted
    page = f"admin:surveys_{row._meta.model_name}_step"
    return client.post(reverse(page, args=[row.pk]), data, follow=True)


def act(client, action, nomination, **posted):
    """Press a button on the season's page of nominations."""
    category = nomination.category
    path = reverse("admin:surveys_season_nominations", args=[category.season_id])
    data = {"category": category.pk, "act": action, "pick": [nomination.pk], "reason": "Not a wallet"} | posted
    return client.post(path, data, follow=True)


def test_a_season_from_draft_to_the_archive_by_its_one_button(sign_in):
    steward, season = sign_in("awards steward"), draft_season()
    states = []
    for name in ("open_nominations", "close_nominations", "open_voting", "close_voting", "tally", "release", "archive"):
        if name == "close_voting":
            cast(season.categories.get(), [["ada"]], 3)
        assert offered(steward, season).step.name == name
        page = take(steward, season)
        season.refresh_from_db()
        states.append(season.state)
        assert f"“{season}”: " in page.content.decode()
    assert states == ["nominating", "shortlisting", "voting", "closed", "closed", "released", "archived"]
    assert offered(steward, season) is None
    assert Tally.objects.get().made_by.email == "awards@example.com"
    assert steward.get("/awards/moon-2026/wallet/").content.decode().count("Winner</span>") == 1


def test_the_page_says_where_a_season_stands_and_what_is_missing(sign_in):
    steward = sign_in("awards steward")
    season = draft_season(nominees=(), opens_at=None, closes_at=None)
    seasons.skip_nominations(season)
    page = one_line(steward.get(reverse("admin:surveys_season_overview", args=[season.pk])).content)
    assert '<li class="stand-phase stand-phase--now" aria-current="step"> <b>Shortlist</b>' in page
    assert page.count("stand-phase--past") == 2
    assert "Say when voting opens and closes." in page
    assert "“Wallet” needs two nominees or more." in page
    assert "disabled" in page
    assert "Say when voting opens" in take(steward, season).content.decode()
    season.refresh_from_db()
    assert season.state == "shortlisting"


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("shortlisting", "Fixes the nominees"),
        ("voting", "Voting cannot be opened again"),
        ("closed", "which nobody has seen before"),
    ],
)
def test_what_cannot_be_taken_back_says_what_it_does_and_wants_a_tick(sign_in, state, says):
    season = draft_season() if state == "shortlisting" else open_season()
    if state == "shortlisting":
        seasons.skip_nominations(season)
    else:
        cast(season.categories.get(), [["ada"]], 3)
    if state == "closed":
        seasons.close(season)
        release.tally(season.categories.get())
    steward = sign_in("awards steward")
    assert any(says in line for line in offered(steward, season).lines)
    found = offered(steward, season)
    path = reverse("admin:surveys_season_step", args=[season.pk])
    page = steward.post(path, {"step": found.step.name, "seen": found.seen}, follow=True)
    assert "tick that you have read" in page.content.decode()
    season.refresh_from_db()
    assert season.state == state


def test_nothing_is_done_that_the_page_did_not_say(sign_in):
    steward, season = sign_in("awards steward"), draft_season()
    seasons.skip_nominations(season)
    seen = offered(steward, season).seen
    season.categories.get().nominees.create(slug="dot", name="Dot")
    page = take(steward, season, seen=seen)
    assert "Something has changed since you opened the page" in page.content.decode()
    season.refresh_from_db()
    assert season.state == "shortlisting"


def test_a_second_press_of_the_same_button_takes_no_second_step(sign_in):
    steward, season = sign_in("awards steward"), draft_season()
    found = offered(steward, season)
    for _ in range(2):
        page = take(steward, season, found.step.name, seen=found.seen)
    season.refresh_from_db()
    assert season.state == "nominating"
    assert "has moved on since you opened the page" in page.content.decode()


def test_nominations_close_when_their_time_has_come_and_can_be_opened_again():
    season = draft_season(nominations_close_at=timezone.now() + timedelta(hours=1))
    seasons.open_nominations(season)
    Season.objects.update(
        nominations_open_at=timezone.now() - timedelta(hours=2),
        nominations_close_at=timezone.now() - timedelta(hours=1),
    )
    seasons.turn_phases()
    season.refresh_from_db()
    assert season.state == "shortlisting"
    assert audit.entries_about(season).first().by_name == "Moonpress"
    with pytest.raises(TransitionRefused, match="close is past"):
        seasons.open_nominations(season)
    Season.objects.update(nominations_close_at=None)
    season.refresh_from_db()
    seasons.open_nominations(season)
    assert season.state == "nominating"


def test_every_step_is_in_the_log_with_who_took_it(sign_in):
    steward, season = sign_in("awards steward"), draft_season()
    category = season.categories.get()
    take(steward, season)
    category.season.refresh_from_db()
    for name, action in (("Zed", "shortlist"), ("Yon", "decline")):
        act(steward, action, nominations.nominate(category=category, name=name))
    for _ in range(6):
        take(steward, season)
        season.refresh_from_db()
    entries = AuditEntry.objects.order_by("pk")
    assert [entry.action for entry in entries] == [
        "opened nominations", "shortlisted a nomination", "declined a nomination", "closed nominations", "opened voting",
        "closed voting", "tallied", "released the result", "released the results", "archived the season",
    ]  # fmt: skip
    assert {entry.by_name for entry in entries} == {"awards@example.com"}
    text = steward.get(reverse("admin:surveys_season_overview", args=[season.pk])).content.decode()
    assert "awards@example.com closed voting" in text
    assert "awards@example.com released the result:" in text


def test_the_clock_closes_in_its_own_name(time_machine):
    season = open_season()
    Season.objects.update(opens_at=timezone.now() - timedelta(days=2), closes_at=timezone.now() - timedelta(seconds=1))
    seasons.turn_phases()
    assert [(entry.action, entry.by_name, entry.by) for entry in audit.entries_about(season)] == [
        ("closed voting", "Moonpress", None),
        ("opened voting", "Moonpress", None),
    ]


def test_a_later_close_is_in_the_log(sign_in):
    steward, season = sign_in("awards steward"), open_season()
    data = {"title": season.title, "closes_at": "2027-02-01T10:00", "disclosure_html": "", "standfirst": ""}
    formset = {"categories-TOTAL_FORMS": "0", "categories-INITIAL_FORMS": "0"}
    page = steward.post(reverse("admin:surveys_season_change", args=[season.pk]), data | formset)
    assert page.status_code == 302, page.content.decode()
    entry = audit.entries_about(season).first()
    assert "voting closes: " in entry.detail
    assert "→ 1 February 2027, 10:00 UTC" in entry.detail


def test_a_look_by_the_command_is_published_with_the_result(client):
    season = open_season()
    cast(season.categories.get(), [["ada"]], 3)
    seasons.close(season)
    call_command("tally", season.slug)
    release.tally(season.categories.get())
    release.release_season(season)
    call_command("tally", season.slug)
    assert client.get("/awards/moon-2026/wallet/").content.decode().count("by the command line on") == 1


def test_one_category_can_be_closed_tallied_and_released(sign_in):
    steward = sign_in("awards steward")
    season = open_season(categories=("wallet", "report"))
    wallet = season.categories.get(slug="wallet")
    cast(wallet, [["ada"]], 3)
    for _ in range(3):
        take(steward, wallet)
    assert list(AwardCategory.objects.released()) == [wallet]
    season.refresh_from_db()
    assert season.state == "voting"


def test_a_result_becomes_a_draft_article(sign_in):
    season = released_season()
    sign_in("awards steward").post(reverse("admin:surveys_season_draft", args=[season.pk]))
    assert Article.objects.get().title == "Wallet: the result"


def test_the_list_leads_to_each_seasons_own_page_and_has_no_acts(sign_in):
    season = draft_season()
    page = sign_in("awards steward").get(reverse("admin:surveys_season_changelist")).content.decode()
    assert reverse("admin:surveys_season_overview", args=[season.pk]) in page
    assert "open_voting" not in page


@pytest.mark.parametrize(
    ("state", "fields", "says"),
    [
        ("voting", {"closes_at": "2026-01-01T10:00"}, "This is past"),
        ("voting", {"closes_at": ""}, "Voters have been told this time"),
        ("draft", {"nominations_close_at": "2027-01-15T10:00"}, "before voting opens"),
        ("draft", {"nominations_open_at": "2026-12-09T10:00"}, "Nominations have to close after they open"),
    ],
)
def test_times_that_do_not_fit_are_refused_in_words(sign_in, state, fields, says):
    season = open_season() if state == "voting" else draft_season()
    before = Season.objects.values().get()
    data = {
        "title": season.title,
        "slug": season.slug,
        "rules_version": "1",
        "nominations_close_at": "2026-12-05T10:00",
    }
    data |= {"opens_at": "2027-01-01T10:00", "closes_at": "2027-02-01T10:00"}
    data |= {"categories-TOTAL_FORMS": "0", "categories-INITIAL_FORMS": "0"} | fields
    page = sign_in("awards steward").post(reverse("admin:surveys_season_change", args=[season.pk]), data)
    assert says in page.content.decode()
    assert Season.objects.values().get() == before


def test_the_times_of_a_vote_that_was_held_are_kept_by_the_database():
    season = released_season()
    for name in ("opens_at", "closes_at"):
        with pytest.raises(IntegrityError, match="its times are kept"), transaction.atomic():
            Season.objects.filter(pk=season.pk).update(**{name: timezone.now() + timedelta(days=900)})


@pytest.mark.parametrize("role", ["writer", "newsletter manager", "sponsorship manager"])
@pytest.mark.parametrize("model", MODELS)
def test_other_roles_see_nothing_of_it(sign_in, role, model):
    assert sign_in(role).get(reverse(f"admin:surveys_{model}_changelist")).status_code == 403


@pytest.mark.parametrize("model", ["tally", "ballot", "nomination", "ledgerentry"])
def test_an_editor_looks_on_but_sees_no_count(sign_in, model):
    editor = sign_in("editor")
    assert editor.get(reverse(f"admin:surveys_{model}_changelist")).status_code == 403
    season = open_season()
    page = editor.get(reverse("admin:surveys_season_changelist"))
    assert page.status_code == 200
    assert editor.get(reverse("admin:surveys_season_overview", args=[season.pk])).status_code == 200
    assert take(editor, season, "close_voting").status_code == 403
    season.refresh_from_db()
    assert season.state == "voting"


def test_who_may_change_but_not_release_cannot_release(sign_in, client):
    season = released_season()
    Season.objects.update(state="closed", released_at=None)
    group = Group.objects.get(name="awards steward")
    group.permissions.remove(group.permissions.get(codename="release_season"))
    page = take(sign_in("awards steward"), season, "release")
    assert page.status_code == 403
    season.refresh_from_db()
    assert season.state == "closed"


@pytest.mark.parametrize("model", MODELS)
def test_the_lists_open_for_the_steward_at_a_fixed_cost(sign_in, model, django_assert_max_num_queries):
    steward = sign_in("awards steward")
    for number in range(3):
        released_season(f"moon-{number}")
    steward.get("/admin/")
    with django_assert_max_num_queries(14):
        assert steward.get(reverse(f"admin:surveys_{model}_changelist")).status_code == 200


def test_nobody_edits_deletes_or_reads_a_choice_of_a_ballot(sign_in):
    steward = sign_in("administrator")
    season = open_season()
    (ballot,) = cast(season.categories.get(), [["coin"]])
    path = reverse("admin:surveys_ballot_change", args=[Ballot.objects.get().pk])
    page = steward.get(path)
    assert "coin" not in page.content.decode().lower().replace("moon", "")
    assert steward.post(path, {"state": "void"}).status_code == 403
    assert steward.post(path.replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert ballot.receipt in steward.get(reverse("admin:surveys_ballot_changelist")).content.decode()


def test_what_ballots_hold_cannot_be_renamed_in_an_open_season(sign_in):
    steward = sign_in("awards steward")
    season = open_season()
    category = season.categories.get()
    for path in (
        reverse("admin:surveys_season_change", args=[season.pk]),
        reverse("admin:surveys_awardcategory_change", args=[category.pk]),
    ):
        page = steward.get(path).content.decode()
        assert 'name="slug"' not in page
        assert not any(f'name="nominees-0-{field}"' in page for field in ("slug", "name", "description", "url"))
    assert 'name="nominees-0-image"' in page


def test_a_nominee_withdraws_with_a_reason_that_is_published(client, sign_in):
    steward, category = sign_in("awards steward"), open_season().categories.get()
    page = reverse("admin:surveys_awardcategory_withdrawal", args=[category.pk])
    assert page in steward.get(reverse("admin:surveys_awardcategory_change", args=[category.pk])).content.decode()
    coin = category.nominees.get(slug="coin")
    assert "This field is required" in steward.post(page, {"nominee": coin.pk}).content.decode()
    said = steward.post(page, {"nominee": coin.pk, "reason": "Asked us to"}, follow=True).content.decode()
    assert "“Coin” has withdrawn" in said
    client.logout()
    assert "<strong>Coin</strong> (Wallet): Asked us to" in client.get("/awards/moon-2026/ledger/").content.decode()
    assert "Withdrew" in client.get("/awards/moon-2026/wallet/coin/").content.decode()
    assert 'value="coin"' not in client.get("/awards/moon-2026/vote/").content.decode()


def test_a_new_season_can_be_made_with_its_categories(sign_in):
    steward = sign_in("awards steward")
    page = steward.post(
        reverse("admin:surveys_season_add"),
        {
            "title": "Moon 2027", "slug": "moon-2027", "rules_version": "1",
            "opens_at": "2027-01-01T10:00", "closes_at": "2027-02-01T10:00",
            "rules_html": "<p>One <script>alert(1)</script>vote</p>",
            "categories-TOTAL_FORMS": "1", "categories-INITIAL_FORMS": "0",
            "categories-0-title": "Wallet", "categories-0-slug": "wallet", "categories-0-method": "plurality",
            "categories-0-ordering": "0",
        },
    )  # fmt: skip
    assert page.status_code == 302, page.content.decode()
    season = Season.objects.get()
    assert season.categories.get().title == "Wallet"
    assert season.rules_html == "<p>One vote</p>"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"title": ""}, "This field is required"),
        ({"closes_at": "2026-12-01T10:00"}, "Voting has to close after it opens"),
    ],
)
def test_a_wrong_season_is_refused_in_words(sign_in, fields, says):
    data = {
        "title": "Moon 2027", "slug": "moon-2027", "rules_version": "1", "opens_at": "2027-01-01T10:00", "closes_at": "2027-02-01T10:00", "categories-TOTAL_FORMS": "0",
        "categories-INITIAL_FORMS": "0",
    }  # fmt: skip
    page = sign_in("awards steward").post(reverse("admin:surveys_season_add"), data | fields)
    assert says in page.content.decode()
    assert not Season.objects.exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda season: season.categories.get().nominees.exclude(slug="ada").delete(), "needs two nominees"),
        (lambda season: season.categories.update(method="score"), "how many points"),
        (lambda season: season.categories.update(max_choices=2), "Only in an approval vote"),
        (lambda season: season.categories.all().delete(), "Add a category first"),
        (lambda season: Season.objects.update(closes_at=None), "Say when voting opens and closes"),
        (
            lambda season: Season.objects.update(closes_at=timezone.now() - timedelta(hours=1)),
            "The time at which voting closes is past",
        ),
    ],
)
def test_voting_opens_only_when_all_is_there(change, says):
    season = draft_season()
    if "Add a category" in says:
        Nominee.objects.all().delete()
    change(season)
    season.refresh_from_db()
    with pytest.raises(TransitionRefused, match=says):
        seasons.open_voting(season)


def test_nominations_come_in_and_are_shortlisted_once(client, sign_in):
    season = draft_season()
    path = "/awards/moon-2026/nominate/"
    seasons.open_nominations(season)
    assert "Nominate" in client.get(path).content.decode()
    page = client.post(path, {"category": "wallet", "name": "  Zed   Wallet ", "url": "zed.example", "reason": "Neat"})
    assert page.status_code == 200
    nomination = Nomination.objects.get()
    assert (nomination.name, nomination.url) == ("Zed Wallet", "https://zed.example")
    steward = sign_in("awards steward")
    act(steward, "shortlist", nomination)
    assert Nominee.objects.get(name="Zed Wallet").slug == "zed-wallet"
    assert "is shortlisted already" in act(steward, "shortlist", nomination).content.decode()
    assert Nominee.objects.count() == 4


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"name": ""}, "Say whom or what you nominate"),
        ({"name": "x" * 121}, "This name is too long"),
        ({"category": "nowhere"}, "Choose one of this season"),
        ({"url": "javascript:alert(1)"}, "not an address of a website"),
        ({"reason": "x" * 1001}, "This is too long"),
    ],
)
def test_a_wrong_nomination_is_refused_in_words_and_kept(client, data, says):
    seasons.open_nominations(draft_season())
    typed = {"category": "wallet", "name": "Zed", "url": "", "reason": "Because"} | data
    page = client.post("/awards/moon-2026/nominate/", typed)
    assert page.status_code == 400
    assert says in page.content.decode()
    assert "Because" in page.content.decode() or "reason" in data
    assert not Nomination.objects.exists()


@pytest.mark.parametrize("typed", ["alpha.example", "https://alpha.example", " alpha.example/?utm_source=x&fbclid=y "])
def test_a_site_is_taken_as_people_write_it_by_browser_and_server_alike(client, sign_in, typed):
    season = draft_season()
    seasons.open_nominations(season)
    page = client.get("/awards/moon-2026/nominate/").content.decode()
    assert 'type="url"' not in page
    client.post("/awards/moon-2026/nominate/", {"category": "wallet", "name": "Alpha", "url": typed})
    assert Nomination.objects.get().url.startswith("https://alpha.example")
    path = reverse("admin:surveys_awardcategory_change", args=[season.categories.get().pk])
    steward = sign_in("awards steward")
    assert 'type="url"' not in steward.get(path).content.decode()
    form = NomineeForm({"name": "Alpha", "slug": "alpha", "url": typed})
    form.is_valid()
    assert form.cleaned_data["url"] == Nomination.objects.get().url


@pytest.mark.parametrize("other", ["alpha", "ALPHA", "Alpha "])
def test_two_nominees_whose_names_differ_only_in_case_are_refused_in_words(sign_in, other):
    season = draft_season(nominees=())
    category = season.categories.get()
    data = {
        "season": season.pk,
        "title": "Wallet",
        "slug": "wallet",
        "method": "plurality",
        "overvote": "exhaust",
        "unranked": "last",
        "ordering": "0",
    }
    data |= {"nominees-TOTAL_FORMS": "2", "nominees-INITIAL_FORMS": "0"}
    data |= {"nominees-0-name": "Alpha", "nominees-0-slug": "one", "nominees-1-name": other, "nominees-1-slug": "two"}
    page = sign_in("awards steward").post(reverse("admin:surveys_awardcategory_change", args=[category.pk]), data)
    assert page.status_code == 200
    assert "a nominee of this name" in page.content.decode()
    assert not Nominee.objects.exists()


def test_nominations_are_closed_while_voting_is_open(client):
    open_season()
    assert "are closed" in client.get("/awards/moon-2026/nominate/").content.decode()
    assert client.post("/awards/moon-2026/nominate/", {"category": "wallet", "name": "Zed"}).status_code == 409
    assert not Nomination.objects.exists()


def test_a_count_is_seen_before_its_release_on_its_own_page_alone_and_each_look_is_published(sign_in):
    steward, season = sign_in("awards steward"), open_season()
    category = season.categories.get()
    cast(category, [["ada"]], 3701)
    seasons.close(season)
    tally = release.tally(category)
    seen = steward.get("/admin/surveys/tally/").content.decode()
    assert "Ada" not in seen
    assert "3,701" not in seen
    assert "3701" in steward.get(f"/admin/surveys/tally/{tally.pk}/change/").content.decode()
    release.release_season(season)
    assert "3,701" in steward.get("/admin/surveys/tally/").content.decode()
    steward.get(f"/admin/surveys/tally/{tally.pk}/change/")  # everybody may look now
    assert steward.get(category.get_absolute_url()).content.decode().count("by awards@example.com on") == 1


def test_the_way_from_a_category_or_its_jury_leads_back_to_the_season(sign_in):
    steward, season = sign_in("awards steward"), draft_season()
    category = season.categories.get()
    page = steward.get(reverse("admin:surveys_awardcategory_change", args=[category.pk]))
    assert "View on site" not in page.content.decode()  # readers do not see a draft
    fields = page.context["adminform"].form.initial
    data = {name: "" if value is None else value for name, value in fields.items() if value is not False}
    data |= {f"nominees-{name}_FORMS": "0" for name in ("TOTAL", "INITIAL")}
    answer = steward.post(reverse("admin:surveys_awardcategory_change", args=[category.pk]), data)
    assert answer.status_code == 302, answer.content.decode()
    assert answer["Location"] == reverse("admin:surveys_season_overview", args=[season.pk])
    asked = {"_changelist_filters": f"season__id__exact={season.pk}"}
    page = steward.get(reverse("admin:surveys_juror_add"), asked).content.decode()
    assert f'<option value="{season.pk}" selected>' in page


def test_a_moved_close_is_in_the_ledger_and_one_that_is_past_is_not_moved(sign_in):
    steward, season = sign_in("awards steward"), open_season()
    address = reverse("admin:surveys_season_change", args=[season.pk])
    data = {"title": season.title, "closes_at": "2027-02-01T10:00", "disclosure_html": "", "standfirst": ""}
    data |= {"categories-TOTAL_FORMS": "0", "categories-INITIAL_FORMS": "0"}
    for _ in range(2):
        assert steward.post(address, data).status_code == 302
    entry = LedgerEntry.objects.get(kind="moved")
    assert entry.statement["moved"]["closes_at"]["to"] == "2027-02-01T10:00:00Z"
    season.categories.update(closed_at=timezone.now(), released_at=timezone.now())
    page = steward.post(address, data | {"closes_at": "2027-03-01T10:00"})
    assert "Every result is out" in page.content.decode()
    Season.objects.update(opens_at=timezone.now() - timedelta(days=2), closes_at=timezone.now() - timedelta(hours=1))
    page = steward.post(address, data | {"closes_at": "2027-03-01T10:00"})
    assert "The time that voters were told is past" in page.content.decode()
