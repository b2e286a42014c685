"""The newsroom's start page: what each role finds there, and what makes it appear."""

from datetime import timedelta

import pytest
from django.db.models import Q
from django.utils import timezone

from articles import publishing
from articles.desk import comments
from articles.models import Article
from core.lib import dashboard
from core.lib.roles import ROLES
from core.models import OutgoingMail, SiteProfile, User
from core.transitions import change_if
from newsletter.models import Briefing, Delivery
from surveys import nominations, release, seasons
from tests.articles import factories
from tests.newsletter import factories as mailing
from tests.sponsors import factories as selling
from tests.surveys import factories as voting

pytestmark = pytest.mark.django_db

EVERYBODY = {"Published lately"}
FOUND = {
    "writer": EVERYBODY | {"My articles", "Scheduled"},
    "editor": EVERYBODY
    | {
        "My articles",
        "Scheduled",
        "To review",
        "Briefings",
        "Automations",
        "Ads to approve",
        "Awards",
        "Readers today",
        "Who pays us and is named",
    },
    "awards steward": EVERYBODY | {"Awards", "Mail", "Who pays us and is named"},
    "newsletter manager": EVERYBODY | {"Briefings", "Automations", "Mail", "Readers today", "Who pays us and is named"},
    "sponsorship manager": EVERYBODY
    | {"Booking requests", "Ads to approve", "Places in the coming days", "Mail", "Readers today"},
    "juror": {"Jury"},
    "administrator": EVERYBODY
    | {"Jury"}
    | {"My articles", "Scheduled", "To review", "Briefings", "Automations", "Ads to approve", "Awards", "Mail"}
    | {"Booking requests", "Places in the coming days", "Readers today", "Who pays us and is named"},
}


def shown(user):
    return dict(dashboard.shown_to(User.objects.get(pk=user.pk)))


def lines(user, title):
    return [(line.text, line.label, line.note) for line in shown(user)[title].lines]


@pytest.mark.parametrize("role", ROLES)
def test_each_role_finds_its_own_widgets_and_no_others(role, client):
    user = factories.user(role)
    client.force_login(user)
    page = client.get("/admin/").content.decode()
    assert set(shown(user)) == FOUND[role]
    for title in FOUND["administrator"]:
        assert (f">{title}</h2>" in page) == (title in FOUND[role])


@pytest.mark.parametrize("role", ROLES)
def test_an_empty_widget_says_what_to_do_and_every_page_it_leads_to_opens(role, client):
    user = factories.user(role)
    client.force_login(user)
    for widget in shown(user).values():
        assert widget.lines or widget.empty
        for _label, url in widget.links:
            assert client.get(url).status_code == 200, url


def test_a_writer_finds_what_was_sent_back_first_with_its_reason():
    writer, editor = factories.user("writer"), factories.user("editor")
    back, waits, draft = (factories.article(title=title) for title in ("Back", "Waits", "Draft"))
    factories.article(title="Another's")
    Article.objects.exclude(title="Another's").update(created_by=writer)
    publishing.submit(back, by=writer)
    publishing.send_back(back, by=editor, reason="Who says so?")
    publishing.submit(waits, by=writer)
    assert draft.version == 1
    assert lines(writer, "My articles")[0] == ("Back", "sent back", "Who says so?")
    assert set(lines(writer, "My articles")[1:]) == {("Waits", "in review", ""), ("Draft", "draft", "")}
    assert lines(editor, "My articles") == []


def test_an_article_is_its_authors_too():
    writer = factories.user("writer")
    factories.author("ana", user=writer)
    factories.article(title="Signed", authors=["ana"])
    assert lines(writer, "My articles") == [("Signed", "draft", "")]


def test_an_editor_finds_what_waits_for_review_and_from_whom():
    writer, editor = factories.user("writer"), factories.user("editor")
    publishing.submit(factories.article(title="Waits"), by=writer)
    assert lines(editor, "To review") == [("Waits", "", f"from {writer}")]


def test_open_comments_find_who_is_asked_and_nobody_else():
    writer, editor = factories.user("writer"), factories.user("editor")
    article = factories.article(title="Fees")
    Article.objects.update(created_by=editor)
    comments.comment(article, by=editor, text="A note to myself.")
    made = comments.comment(article, by=writer, text="Is it right?", asks=editor.email)
    assert lines(editor, "Comments to you") == [("Is it right?", "asks you", f"{writer}, at “Fees”")]
    assert "Comments to you" not in shown(writer)
    comments.resolve(made)
    assert "Comments to you" not in shown(editor)


def test_what_should_have_been_published_is_called_overdue(time_machine):
    writer = factories.user("writer")
    publishing.schedule(factories.article(title="Soon"), at=timezone.now() + timedelta(hours=1))
    assert lines(writer, "Scheduled") == [("Soon", "", "")]
    selling.wait(time_machine, hours=2)
    assert lines(writer, "Scheduled") == [("Soon", "overdue", "")]
    assert "Tell the person who runs the site" in shown(writer)["Scheduled"].note


def test_a_briefing_shows_how_far_it_is_and_then_what_became_of_it():
    editor, weekly = factories.user("editor"), mailing.newsletter()
    mailing.subscriptions(weekly, 4)
    sending = mailing.frozen(weekly)
    change_if(sending, Q(state=sending.state), state=Briefing.State.SENDING)
    Delivery.objects.filter(pk__in=Delivery.objects.values("pk")[:3]).update(state="sent", sent_at=timezone.now())
    assert lines(editor, "Briefings") == [("Six bridges", "Sending", "3 of 4 done")]
    figures = {"delivered": 3, "failed": 1, "sent_at": timezone.now()}
    change_if(sending, Q(state="sending"), state=Briefing.State.SENT, **figures)
    assert lines(editor, "Briefings") == [("Six bridges", "Sent", "3 delivered, 1 failed or uncertain")]


def test_the_awards_say_what_the_steward_has_to_do_next():
    steward, season = factories.user("awards steward"), voting.draft_season(categories=("wallet", "etf"))
    seasons.open_nominations(season)
    nominations.nominate(category=season.categories.all()[0], name="Ada")
    told = [lines(steward, "Awards")]
    seasons.open_voting(season)
    told.append(lines(steward, "Awards"))
    seasons.close(season)
    release.tally(season.categories.all()[0])
    told.append(lines(steward, "Awards"))
    release.tally(season.categories.all()[1])
    told.append(lines(steward, "Awards"))
    release.release_season(season)
    assert [note for ((_text, _label, note),) in told] == [
        "1 nomination to look at", "until", "to be tallied: 1 of 2", "tallied: to be released",
    ]  # fmt: skip
    assert lines(steward, "Awards") == []


def test_a_held_booking_waits_until_it_is_decided_on():
    manager, held = factories.user("sponsorship manager"), selling.held()
    assert lines(manager, "Booking requests") == [("Northwind Custody, Gold", "USD 1,500", "held until")]
    selling.booking.confirm(held, by=None)
    assert lines(manager, "Booking requests") == []


def test_an_ad_waits_for_everybody_but_who_handed_it_in():
    manager, editor = factories.user("sponsorship manager"), factories.user("editor")
    creative = selling.confirmed().creatives.get()
    selling.submitted(creative, headline="First")
    version = selling.submitted(creative, headline="Second", by=manager)
    assert [text for text, _, _ in lines(editor, "Ads to approve")] == ["Second"]
    assert lines(manager, "Ads to approve") == []
    selling.approve(version, by=editor)
    assert lines(editor, "Ads to approve") == []


def test_a_day_that_is_sold_and_has_no_ad_is_named():
    manager = factories.user("sponsorship manager")
    sold = selling.confirmed(start=selling.soon(2))
    day = next(line for line in shown(manager)["Places in the coming days"].lines if line.label)
    assert (day.text, day.label, day.note) == (f"{selling.soon(2):%A %-d %b}", "1 without an ad", "1 of 1 taken")
    selling.approved(sold.creatives.get())
    assert not any(line.label for line in shown(manager)["Places in the coming days"].lines)


def test_failed_mail_and_mail_that_nobody_sends_are_told():
    manager = factories.user("newsletter manager")
    mail = {"kind": "newsletter.confirm", "recipient": "ann@example.com", "subject": "Confirm", "message": b""}
    OutgoingMail.objects.create(**mail, state="failed", settled_at=timezone.now(), error="550 no such mailbox")
    OutgoingMail.objects.create(**mail, due_at=timezone.now() - timedelta(minutes=9, seconds=5))
    overdue, failed = lines(manager, "Mail")
    assert overdue[:2] == ("1 message is overdue, the oldest by 9 min", "waiting")
    assert failed == ("Confirm → ann@example.com", "failed", "550 no such mailbox")


def test_a_widget_takes_at_most_two_queries(django_assert_max_num_queries):
    administrator = User.objects.get(pk=factories.user("administrator").pk)
    administrator.has_perm("articles.view_article")  # permissions are looked up once
    selling.confirmed(start=selling.soon(2))
    for number in range(9):
        article = factories.article(title=f"Article {number}")
        Article.objects.update(created_by=administrator)
        publishing.submit(article, by=administrator)
    SiteProfile.current()  # is kept
    for kind in dashboard.kinds():
        with django_assert_max_num_queries(2):
            kind.build(administrator)


def test_strangers_and_readers_accounts_are_sent_to_sign_in(client):
    assert client.get("/admin/").url.startswith("/admin/login/")
    client.force_login(User.objects.create_user("reader@example.com", is_staff=False))
    assert client.get("/admin/").status_code == 302


def test_who_is_refused_a_page_is_led_back_here(client):
    client.force_login(factories.user("writer"))
    refused = client.get("/admin/core/user/")
    assert refused.status_code == 403
    assert '<a class="btn btn-secondary" href="/admin/">To the newsroom</a>' in refused.content.decode()
