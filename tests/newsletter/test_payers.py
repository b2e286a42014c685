"""A briefing that names who pays us waits for a person, and says so in the mail and wherever it is read once that is disclosed."""

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.utils import timezone

from core.models import OutgoingMail
from core.transitions import TransitionRefused
from newsletter.automations import flow, letters, lifecycle
from newsletter.models import (
    Automation,
    Briefing,
    BriefingItem,
    MailTemplate,
    Newsletter,
    SubjectTest,
    SubjectVariant,
)
from newsletter.sending import (
    approval,
    archive_entries,
    by_the_clock,
    drafts,
    freeze,
    payers,
    plugged,
    sender,
    sponsor_places,
)
from newsletter.subscribers import subscriptions
from sponsors import disclosures, flag_searches, flags
from sponsors.models import DisclosureEntry, Flag, FlagDecision
from tests.articles import factories as articles
from tests.core.programs import program
from tests.newsletter import automations, factories
from tests.newsletter.sending import reload, send_what_is_left
from tests.sponsors import factories as ads

pytestmark = pytest.mark.django_db
NAME = "Northwind Custody"
STANDING = "Northwind Custody has paid us for advertising and is named here."
NAMED = [{"kind": "text", "heading": "Custody", "html": "<p>We spoke to Northwind Custody.</p>"}]
# Columns that hold no words that readers see, or those of an ad, which is labelled.
BESIDES = {
    Briefing: {"slug", "state", "trouble", "approved_content", "won_subject", "won_preheader"},
    BriefingItem: {"kind", "size", "source", "sponsor_name", "notice", "image"},
    MailTemplate: {"name", "logo", "accent", "band", "page", "sheet", "ink", "card_size"},
    SubjectVariant: set(),
}


@pytest.fixture
def sponsor():
    return ads.running().sponsor


@pytest.fixture
def editor():
    return articles.user("editor")


def settle(briefing, verdict, editor, reason=""):
    (flag,) = payers.look_at(briefing)
    flags.decide(flag, verdict, by=editor, reason=reason)
    return flag


def search():
    flag_searches.ask("a test")
    while flag_searches.run(seconds=5):
        pass


def bodies_of(briefing):
    """The text and the HTML of the message that goes out."""
    message = message_from_bytes(bytes(briefing.message.data), policy=policy.default)
    return [message.get_body([kind]).get_content() for kind in ("plain", "html")]


def texts_in(model):
    fields = [field for field in model._meta.fields if isinstance(field, models.CharField | models.TextField)]
    return {field.name for field in fields} - BESIDES[model]


def _in_column(briefing, model, name):
    """The row of a briefing that names a sponsor in one column."""
    words = (
        "https://northwind.example/x" if name in ("url", "image_url") else f"<p>{NAME}</p>" if "html" in name else NAME
    )
    if model is Briefing:
        Briefing.objects.filter(pk=briefing.pk).update(**{name: words})
    elif model is BriefingItem:
        BriefingItem.objects.create(briefing=briefing, ordering=90, kind="article", **{name: words})
    elif model is MailTemplate:
        Briefing.objects.filter(pk=briefing.pk).update(
            template=MailTemplate.objects.create(newsletter=briefing.newsletter, name=f"of {name}", **{name: words})
        )
    else:
        test, _ = SubjectTest.objects.get_or_create(briefing=briefing)
        SubjectVariant.objects.create(test=test, number=1, **{name: words})


def test_a_sponsor_is_found_in_every_text_of_a_briefing(weekly, sponsor):
    sponsor.website = "https://northwind.example"
    sponsor.save()
    missed = []
    for model in BESIDES:
        for name in sorted(texts_in(model)):
            briefing = factories.briefing(weekly)
            _in_column(briefing, model, name)
            if not payers.problems(Briefing.objects.get(pk=briefing.pk)):
                missed.append((model.__name__, name))
    assert missed == []


def test_a_link_in_rich_text_a_reusable_text_news_of_another_desk_and_the_sender_are_read(weekly, sponsor):
    snippet = articles.card("thanks", html=f"<p>{NAME}</p>")
    parts = [
        {"kind": "text", "html": '<p><a href="https://northwind-custody.com/">them</a></p>'},
        {"kind": "snippet", "snippet": snippet},
        {"kind": "plugged", "source": "a-test:1"},
    ]
    news = plugged.Plug("Test", list, lambda _choice: plugged.News("Poll", f"<p>{NAME}?</p>"), list)
    plugged.register("a-test", news)
    try:
        found = [payers.problems(factories.briefing(weekly, items=[part])) for part in parts]
    finally:
        plugged._plugs.pop("a-test")
    Newsletter.objects.update(from_name=f"{NAME} Weekly")
    found.append(payers.problems(factories.briefing(Newsletter.objects.get())))
    assert all(len(each) == 1 for each in found), found


def test_an_ad_is_labelled_and_not_read(weekly):
    ads.running("mail:weekly")
    briefing = factories.briefing(weekly)
    sponsor_places.place_sponsors(briefing)
    assert briefing.items.get(kind="sponsor").sponsor_name == NAME
    assert payers.standings(briefing) == []


def test_an_open_flag_holds_up_approval_by_every_way(weekly, ann, sponsor, client):
    boss = articles.user("administrator")
    briefing = factories.briefing(weekly, items=NAMED)
    for when in (None, timezone.now() + timedelta(hours=1)):
        with pytest.raises(ValidationError, match="Northwind Custody pays us and is named in part 1"):
            approval.approve(briefing, by=boss, at=when)
    client.force_login(boss)
    page = client.post(f"/admin/newsletter/briefing/{briefing.pk}/approve/", {"confirmed": []}).content.decode()
    assert "Northwind Custody pays us" in page
    assert "/decide/" in page
    key, path = program("administrator"), f"briefings/{briefing.pk}/"
    refused = key.post(f"{path}approve/", {"confirmed": []}, If_Match=key.get(path)["ETag"])
    assert (refused.status_code, "Northwind Custody pays us" in refused.content.decode()) == (409, True)
    assert reload(briefing).state == "draft"


def test_one_that_goes_by_itself_waits_with_the_reason_and_its_flag(weekly, ann):
    briefing = factories.briefing(weekly, items=NAMED)
    ads.running()
    by_the_clock.let_go(briefing, due=timezone.now())
    briefing = reload(briefing)
    assert briefing.state == "draft"
    assert "Northwind Custody pays us" in briefing.trouble
    assert Flag.objects.open().get().about == briefing.pk


def test_editors_are_told_where_its_flags_cannot_be_raised(weekly, ann):
    articles.user("editor")
    briefing = factories.briefing(weekly, items=NAMED)
    ads.running()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sponsors_flag ADD CONSTRAINT nothing_more CHECK (false) NOT VALID")
    by_the_clock.let_go(briefing, due=timezone.now())
    assert reload(briefing).trouble.startswith("An error of our own kept it from going out: ")
    assert OutgoingMail.objects.filter(kind="newsletter.briefing-waits").exists()


def test_words_that_may_be_no_name_ask(weekly, ann):
    ads.running(company="Almanac")
    briefing = factories.briefing(weekly, items=[{"kind": "text", "html": "<p>See the farmer's almanac.</p>"}])
    assert payers.problems(briefing) == []
    (question,) = payers.questions(briefing)
    assert "may be Almanac" in question
    approval.approve(briefing, by=factories.user())


def test_what_is_disclosed_prints_by_itself_wherever_it_is_read(weekly, ann, sponsor, editor, client, smtp_server):
    briefing = factories.briefing(weekly, items=NAMED)
    settle(briefing, "disclosed", editor, "She is asked about keys")
    approval.approve(briefing, by=factories.user())
    Briefing.objects.update(scheduled_at=timezone.now())
    assert freeze.start_due() == [briefing.pk]
    briefing = reload(briefing)
    text, html = bodies_of(briefing)
    day = f"{timezone.now():%-d %B %Y}"
    assert STANDING in " ".join(text.split())
    assert all(day in body and "/sponsored-is-not-rated/" in body for body in (text, html))
    assert STANDING in " ".join(html.split())
    assert not DisclosureEntry.objects.filter(kind="flag").exists()  # nobody has read it yet
    send_what_is_left(briefing)
    archive_entries.make_missing()
    path = briefing.get_absolute_url()
    assert STANDING in client.get(path).content.decode()
    assert STANDING in client.get("/newsletter/archive/feed.xml").content.decode()
    (said,) = client.get(f"/api/v1/briefings/{briefing.slug}/").json()["disclosures"]
    assert said["sponsor"] == NAME
    assert said["words"].startswith(STANDING)
    entry = DisclosureEntry.objects.get(kind="flag")
    assert entry.placements[0] == f"Named in the briefing “{briefing.title}”, {path}"
    assert disclosures.verify().broken is None


def test_a_sponsor_confirmed_after_approval_holds_it_with_the_reason(weekly, ann, editor, smtp_server):
    briefing = factories.approved(weekly, items=NAMED)
    Briefing.objects.update(scheduled_at=timezone.now())
    ads.running()
    assert freeze.start_due() == []
    briefing = reload(briefing)
    assert briefing.state == "paused"
    assert "Northwind Custody pays us" in briefing.trouble
    with pytest.raises(TransitionRefused, match="Northwind Custody pays us"):
        approval.resume(briefing)
    flags.decide(Flag.objects.open().get(), "disclosed", by=editor)
    approval.resume(briefing)
    Briefing.objects.update(scheduled_at=timezone.now())
    assert freeze.start_due() == [briefing.pk]
    assert STANDING in " ".join(bodies_of(reload(briefing))[0].split())


def test_one_that_is_being_sent_is_held_and_the_rest_of_its_letters_say_it(weekly, ann, editor, client, smtp_server):
    briefing = factories.frozen(weekly, items=[*NAMED, {"heading": "Bridges", "url": "https://example.com/a"}])
    ads.running()
    search()
    assert reload(briefing).state == "paused"
    template = MailTemplate.objects.create(
        newsletter=weekly, name="New", header_html='<p><a href="https://example.com/new">New</a></p>'
    )
    # As those that were frozen before looks were kept: its links would have other numbers.
    Briefing.objects.update(template=template, look=None)
    before = dict(briefing.links.values_list("number", "url"))
    flag = Flag.objects.open().get()
    for verdict in ("disclosed", "not them", "disclosed"):
        flags.decide(flag, verdict, by=editor)
    approval.resume(reload(briefing))
    assert send_what_is_left(briefing).delivered == 1
    assert STANDING in " ".join(bodies_of(reload(briefing))[0].split())
    after = dict(briefing.links.values_list("number", "url"))
    assert {number: after[number] for number in before} == before
    assert after[len(before)] == "https://example.com/new"
    assert list(after.values()).count("https://example.com/a") == 2, "later decisions keep the numbers of the first"


def test_beside_an_ad_it_does_not_read_as_if_nobody_had_paid(weekly, ann, client, smtp_server):
    told, said = [{"kind": "text", "heading": "Bridges", "html": "<p>Six of them fell.</p>"}], []
    for slug in ("without", "sold"):
        briefing = send_what_is_left(factories.frozen(weekly, slug=slug, items=told))
        page = client.get(briefing.get_absolute_url()).content.decode()
        assert "named here: nobody" in page
        said.append("Whose advertisement it carries is said at the advertisement." in page)
        ads.running("mail:weekly")  # whose place is added to what is approved from now on
    assert said == [False, True]


def test_what_was_sent_is_looked_through_when_a_sponsor_is_confirmed(weekly, ann, editor, client, smtp_server):
    briefing = send_what_is_left(factories.frozen(weekly, items=NAMED))
    path = briefing.get_absolute_url()
    assert "named here: nobody" in client.get(path).content.decode()
    ads.running()
    search()
    assert "named here: we are looking into it" in client.get(path).content.decode()
    flags.decide(Flag.objects.open().get(), "disclosed", by=editor)
    assert STANDING in client.get(path).content.decode()
    assert DisclosureEntry.objects.filter(kind="flag").count() == 1


def test_a_look_that_finds_nothing_new_writes_nothing(weekly, ann, sponsor, editor, smtp_server):
    briefing = factories.briefing(weekly, items=NAMED)
    settle(briefing, "disclosed", editor)
    approval.approve(briefing, by=factories.user())
    Briefing.objects.update(scheduled_at=timezone.now())
    freeze.start_due()
    send_what_is_left(briefing)
    archive_entries.make_missing()

    def stored():
        rows = Briefing.every.values_list("pk", "paid", "message__data")
        return list(rows), FlagDecision.objects.count(), DisclosureEntry.objects.count(), Flag.objects.count()

    before = stored()
    payers.look_at(briefing)
    assert stored() == before


def test_a_copy_of_a_briefing_is_decided_on_for_itself(weekly, ann, sponsor, editor):
    briefing = factories.briefing(weekly, items=NAMED)
    settle(briefing, "disclosed", editor)
    assert payers.problems(briefing) == []
    copied = drafts.copy_of(briefing, issue_date=timezone.now().date())
    assert payers.problems(copied)


def test_an_automation_whose_letter_names_a_sponsor_does_not_start(weekly, sponsor, editor):
    made = automations.automation(weekly, {"letter": f"Hello from {NAME}"}, start=False)
    with pytest.raises(ValidationError, match="Step 1: Northwind Custody pays us"):
        lifecycle.start(made, by=factories.user())
    draft = Briefing.every.get(automation=made)
    settle(draft, "disclosed", editor)
    lifecycle.start(made, by=factories.user())
    (edition,) = automations.editions(made)
    assert STANDING in " ".join(bodies_of(edition)[0].split())
    assert "a letter of Weekly" in DisclosureEntry.objects.get(kind="flag").placements[0]


def test_a_running_automation_is_held_and_its_next_edition_says_it(weekly, editor):
    made = automations.automation(weekly, {"letter": f"Hello from {NAME}"})
    ads.running()
    search()
    made = Automation.objects.get(pk=made.pk)
    assert made.state == "paused"
    assert "Northwind Custody pays us" in made.trouble
    flags.decide(Flag.objects.open().get(), "disclosed", by=editor)
    lifecycle.start(made, by=factories.user())
    *_, edition = automations.editions(made)
    assert STANDING in " ".join(bodies_of(edition)[0].split())
    search()
    assert Automation.objects.get(pk=made.pk).state == "running"


def test_what_a_decision_writes_anew_is_what_was_approved_but_for_who_pays(weekly, ann, editor, smtp_server):
    header = '<p><a href="https://example.com/a">Approved</a></p>'
    template = MailTemplate.objects.create(newsletter=weekly, name="Usual", header_html=header, is_default=True)
    made = automations.automation(weekly, {"letter": f"Hello from {NAME}"})
    issue = factories.frozen(weekly, items=NAMED)
    ads.running()
    payers.look_at(issue)
    settle(Briefing.every.get(automation=made, state="draft"), "not them", editor)
    lifecycle.start(Automation.objects.get(pk=made.pk), by=made.started_by)
    MailTemplate.objects.filter(pk=template.pk).update(header_html="<p>Nobody looked at this</p>", accent="#000000")
    Newsletter.objects.update(from_name="Somebody else", from_email="else@example.com")
    for flag in Flag.objects.all():
        flags.decide(flag, "disclosed", by=editor)
    *_, edition = automations.editions(made)
    second = letters.edition_for(edition.step, 1)
    for each in (reload(issue), edition, second):
        text, html = bodies_of(each)
        assert STANDING in " ".join(text.split())
        assert ("Approved" in html, "Nobody looked" in html, "#000000" in html) == (True, False, False)
        assert b"omebody else" not in bytes(each.message.data)
        assert b"else@example.com" not in bytes(each.message.data)
    assert reload(issue).links.filter(url="https://example.com/a").count() == 1
    approval.resume(reload(issue))
    send_what_is_left(issue)
    assert smtp_server.to("ann@example.com")[0].sender != "else@example.com"


def test_letters_that_wait_while_it_is_decided_say_it_too(weekly, editor, smtp_server):
    made = automations.automation(weekly, {"letter": f"Hello from {NAME}"})
    row = factories.subscription(weekly, "new@example.com", state="pending")
    subscriptions.confirm(row, issued_at=row.requested_at)
    (queued,) = flow.run_due()
    again = letters.edition_for(made.steps.get(), 1)
    ads.running()
    search()
    flags.decide(Flag.objects.open().get(), "disclosed", by=editor)
    lifecycle.start(Automation.objects.get(pk=made.pk), by=factories.user())
    while sender.pump(queued):
        pass
    (mail,) = smtp_server.to("new@example.com")
    text = message_from_bytes(mail.message, policy=policy.default).get_body(["plain"]).get_content()
    assert STANDING in " ".join(text.split())
    assert STANDING in " ".join(bodies_of(Briefing.every.get(pk=again.pk))[0].split())


def test_those_who_come_again_get_one_edition_that_says_who_pays(weekly, sponsor, editor):
    made = automations.automation(weekly, {"letter": f"Hello from {NAME}"}, start=False)
    settle(Briefing.every.get(automation=made), "disclosed", editor)
    lifecycle.start(made, by=factories.user())
    step = made.steps.get()
    again = letters.edition_for(step, 1)
    assert STANDING in " ".join(bodies_of(again)[0].split())
    assert letters.edition_for(step, 1) == again
    assert [edition.round for edition in automations.editions(made)] == [0, 1]


def test_a_newsletter_manager_decides_at_the_briefing_and_nobody_who_sells(weekly, ann, sponsor, client):
    briefing = factories.briefing(weekly, items=NAMED)
    client.force_login(articles.user("newsletter manager"))
    page = client.get(f"/admin/newsletter/briefing/{briefing.pk}/check/").content.decode()
    flag = Flag.objects.get(noun="briefing")
    decide = f"/admin/sponsors/flag/{flag.pk}/decide/"
    assert decide in page
    client.post(decide, {"verdict": "not them"})
    assert payers.problems(briefing) == []
    client.force_login(articles.user("sponsorship manager"))
    assert client.post(decide, {"verdict": "disclosed"}).status_code == 403
