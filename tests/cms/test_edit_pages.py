"""Every edit page of the admin: it puts nothing back, loses nothing that was typed, and answers conflicts in words."""

from datetime import datetime, time
from threading import Thread

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test import RequestFactory
from django.utils import timezone

from articles.desk.templates import make_template
from articles.models import (
    Article,
    ArticleTemplate,
    Author,
    Category,
    ImageAsset,
    Page,
    Redirect,
    Series,
    Snippet,
    Tag,
)
from core.admin.shared_editing import SharedEditing
from core.models import KeptWork, SiteProfile, User, Webhook
from newsletter.models import (
    Automation,
    BounceRule,
    Briefing,
    BriefingPlan,
    BriefingText,
    MailAccount,
    MailTemplate,
    Newsletter,
    RecipientDomain,
    Segment,
    SendingRules,
    SignUpRules,
    Subscriber,
    SubscriberField,
    SubscriberTag,
)
from newsletter.subscribers import subscriptions
from sponsors.models import (
    AdRule,
    Blackout,
    BlockedDomain,
    Booking,
    Creative,
    FieldFigure,
    KitText,
    Package,
    PlacementKind,
    RunUnit,
    Seller,
    Sponsor,
)
from surveys.models import AwardCategory, BallotRules, Juror, Season, Survey
from tests.articles import factories as articles
from tests.desks import address, chosen, opened, save
from tests.html import one_line
from tests.newsletter import factories
from tests.newsletter.automations import automation, wait
from tests.sponsors import factories as sponsors
from tests.surveys import factories as surveys

pytestmark = pytest.mark.django_db

# Edit pages that are made otherwise, and why.
OTHERS = {
    Article: "has its own desk, which knows its versions (core.admin.kept_work)",
    Page: "leads to the desk of articles",
}


@pytest.fixture
def editor(client):
    client.force_login(factories.user("chief@example.com", is_staff=True, is_superuser=True))
    return client


def a_segment():
    row = Segment.objects.create(name="Recent")
    row.conditions.create(test="joined_since", value="2026-01-01")
    return row


def a_blackout():
    day = sponsors.soon()
    return Blackout.objects.create(first=day, last=day, words="Our awards")


def a_unit():
    sponsors.open_days(sponsors.kind(), days=1)
    return RunUnit.objects.get()


def a_juror():
    return Juror.objects.create(season=surveys.draft_season(), user=articles.user("juror"), name="Ada")


def a_plan():
    return BriefingPlan.objects.create(newsletter=factories.newsletter(), name="Daily", weekdays=[0, 3], time=time(7))


def a_user():
    row = User.objects.create_user("ann@example.com", name="Ann")
    row.groups.set(Group.objects.filter(name__in=["writer", "editor"]))
    return row


def a_role():
    row = Group.objects.create(name="proofreader")
    row.permissions.set(Group.objects.get(name="writer").permissions.all())
    return row


def a_template():
    return make_template(articles.article(), name="Interview")


# How each comes to be, what somebody changes of it, and what a colleague changes at the same time.
PAGES = {
    AdRule: (lambda: AdRule.objects.create(name="House rule", asset_classes=["trading"], source="Ours", checks="Look."), {"source": "Mine"}, {"name": "Theirs"}),
    ArticleTemplate: (a_template, {}, {"name": "Theirs"}),
    Author: (articles.author, {"role": "Editor"}, {"name": "Anna"}),
    Automation: (lambda: automation(factories.newsletter(), wait(), start=False), {"most_per_day": "9"}, {"name": "Theirs"}),
    BlockedDomain: (lambda: BlockedDomain.objects.create(domain="a.example"), {"note": "Mine"}, {"domain": "b.example"}),
    Blackout: (a_blackout, {"words": "Mine"}, {"channel": "web:home"}),
    BounceRule: (lambda: BounceRule.objects.create(), {"times": "4"}, {"within_days": 9}),
    Briefing: (lambda: factories.briefing(factories.newsletter()), {"subject": "Mine"}, {"preheader": "Theirs"}),
    BriefingPlan: (a_plan, {"most": "9"}, {"name": "Mornings"}),
    Booking: (sponsors.held, {}, {"contact_email": "new@example.com"}),
    Category: (articles.category, {"description": "Mine."}, {"position": 7}),
    AwardCategory: (lambda: surveys.draft_season().categories.get(), {"description": "Mine."}, {"title": "Wallets"}),
    Creative: (lambda: Creative.objects.create(kind=sponsors.kind()), {}, {"retired_at": timezone.now()}),
    FieldFigure: (lambda: FieldFigure.objects.get(measure="ctr"), {"source": "Mine"}, {"high": 9}),
    Group: (a_role, {}, {"name": "reader"}),
    ImageAsset: (articles.image, {"credit": "Mine"}, {"alt": "Theirs"}),
    Juror: (a_juror, {"affiliations": "Mine"}, {"name": "Ada L."}),
    KitText: (lambda: KitText.objects.create(heading="Who?", text="You."), {"heading": "Mine"}, {"text": "Theirs."}),
    MailAccount: (lambda: MailAccount.objects.create(name="Bulk", secret="EMAIL_URL_BULK"), {"weight": "3"}, {"per_day": 9}),
    MailTemplate: (
        lambda: MailTemplate.objects.create(newsletter=factories.newsletter(), name="Plain"),
        {"footer_html": "<p>Mine.</p>"},
        {"name": "Theirs", "header_html": "<p>Theirs.</p>"},
    ),
    BriefingText: (lambda: BriefingText.objects.create(slug="us"), {"label": "Mine"}, {"heading": "Theirs"}),
    Newsletter: (
        factories.newsletter, {"welcome_subject": "Mine", "welcome_text": "Mine."},
        {"description": "Theirs", "from_name": "The desk"},
    ),
    Package: (lambda: sponsors.package(on_sale=False), {"summary": "Mine"}, {"price": 900}),
    PlacementKind: (sponsors.kind, {"cutoff_hours": "30"}, {"name": "Theirs"}),
    RecipientDomain: (lambda: RecipientDomain.objects.create(domain="a.example"), {}, {"per_minute": 9}),
    Redirect: (lambda: Redirect.objects.create(path="/old/", target="/new/"), {}, {"target": "/newer/"}),
    RunUnit: (a_unit, {}, {"off_sale": "Theirs"}),
    BallotRules: (lambda: BallotRules.objects.create(), {"proof_threshold": "99"}, {"proof_when": "always"}),
    Season: (surveys.draft_season, {"standfirst": "Mine."}, {"title": "Theirs"}),
    Seller: (lambda: sponsors.seller(address="Street 1"), {"bank": "Mine"}, {"email": "theirs@example.com"}),
    Segment: (a_segment, {"conditions__0__value": "2026-02-02"}, {"name": "Theirs"}),
    SendingRules: (lambda: SendingRules.objects.create(), {"per_minute": "90"}, {"refused_percent": 7}),
    Series: (articles.series, {"description": "Mine."}, {"name": "Theirs"}),
    SignUpRules: (lambda: SignUpRules.objects.create(), {"proof_threshold": "99"}, {"trusted_domains": "a.example"}),
    SiteProfile: (factories.profile, {"tagline": "Mine"}, {"name": "Theirs"}),
    Snippet: (articles.card, {"label": "Mine"}, {"kind": "text"}),
    Sponsor: (lambda: Sponsor.objects.create(name="Ark", category="other"), {"website": "https://ark.example"}, {"name": "Arks"}),
    Subscriber: (factories.subscriber, {"tag_names": "mine"}, {"name": "Theirs"}),
    SubscriberField: (factories.field, {"ordering": "4"}, {"name": "City"}),
    SubscriberTag: (lambda: SubscriberTag.objects.create(name="vip"), {}, {"name": "friend"}),
    Survey: (lambda: Survey.objects.create(slug="readers", title="Our readers"), {"title": "Mine"}, {"max_responses": 9}),
    Tag: (articles.tag, {}, {"name": "Theirs"}),
    User: (a_user, {"time_zone": "Asia/Tokyo"}, {"name": "Theirs"}),
    Webhook: (
        lambda: Webhook.objects.create(name="Search", url="https://example.com/in", events=["article.published"]),
        {"url": "https://example.com/mine"}, {"name": "Theirs"},
    ),
}  # fmt: skip
DERIVED = {
    "changed_at",
    "updated_at",
    "due_at",
    "digest_due_at",
    "uploaded_by_id",
    "definition",
    "edited_by_id",
    "counts",
    "counted_at",
}


def stored(row):
    """All columns of a row as they are; pages have no microseconds."""
    found = type(row)._base_manager.filter(pk=row.pk).values().get()
    return {
        name: value.replace(microsecond=0) if isinstance(value, datetime) else value for name, value in found.items()
    }


def test_every_page_with_a_form_is_one_that_several_may_have_open():
    request = RequestFactory().get("/")
    request.user = factories.user("chief@example.com", is_staff=True, is_superuser=True)
    loose = {
        model
        for model, desk in admin.site._registry.items()
        if desk.has_change_permission(request) and not isinstance(desk, SharedEditing)
    }
    with_form = {model for model in loose if admin.site._registry[model].get_form(request, model()).base_fields}
    assert with_form == set(OTHERS)
    shared = {model for model, desk in admin.site._registry.items() if isinstance(desk, SharedEditing)}
    assert shared == set(PAGES)


@pytest.mark.parametrize("model", PAGES, ids=lambda model: model._meta.label_lower)
def test_what_a_colleague_changed_stays_and_what_was_typed_is_put_to_it(editor, model):
    make, mine, theirs = PAGES[model]
    row = make()
    before, page = stored(row), opened(editor, row)
    assert "/conflict/" not in save(editor, row, page).get("Location", "refused /conflict/")
    assert {name for name, value in stored(row).items() if before.get(name) != value} <= DERIVED

    model._base_manager.filter(pk=row.pk).update(**theirs)
    changed, answer = stored(row), save(editor, row, page, **mine)
    assert stored(row) == changed
    save(editor, row, opened(editor, row, **chosen(editor, answer["Location"])))
    after = stored(row)
    assert {name: after[name] for name in theirs} == {name: changed[name] for name in theirs}
    assert not KeptWork.objects.exists()
    shown = opened(editor, row)
    names = {name.replace("__", "-"): value for name, value in mine.items()}
    assert {name: shown.get(name) for name in names} == {name: [value] for name, value in names.items() if value}


@pytest.mark.django_db(transaction=True)
def test_what_others_write_besides_the_page_is_not_put_back_either(editor):
    row = MailAccount.objects.create(name="Bulk", secret="EMAIL_URL_BULK")
    page, answers = opened(editor, row), []

    def post():
        answers.append(save(editor, row, page, weight="3").status_code)
        connection.close()

    saving = Thread(target=post)
    with transaction.atomic():
        MailAccount.objects.filter(pk=row.pk).update(handed=7)
        saving.start()
        saving.join(timeout=2)  # it has read the row, and waits for it
    saving.join(timeout=60)
    row.refresh_from_db()
    assert (answers, row.weight, row.handed) == ([302], 3, 7)


def test_what_follows_from_a_page_is_saved_with_it(editor):
    weekly = factories.newsletter(time_zone="Europe/Berlin")
    save(editor, weekly, opened(editor, weekly), digest_weekday="4", digest_time="17:00")
    assert Newsletter.objects.get().digest_due_at.weekday() == 4
    template = MailTemplate.objects.create(newsletter=weekly, name="Plain")
    save(editor, template, opened(editor, template), place_title="9")
    assert MailTemplate.objects.get().order[-1] == "title"
    person = a_user()
    password = person.password
    save(editor, person, opened(editor, person), groups=[Group.objects.get(name="juror").pk])
    person.refresh_from_db()
    assert (person.password, [role.name for role in person.groups.all()]) == (password, ["juror"])


def test_a_password_is_never_kept_as_unsaved_work(editor):
    typed = {"email": "new@example.com", "password1": "correct horse", "password2": "correct horse"}
    assert editor.post("/admin/core/user/keep/", typed).status_code == 200
    assert "new@example.com" in str(KeptWork.objects.get().content)
    assert "correct horse" not in str(KeptWork.objects.get().content)


def test_what_was_typed_into_a_row_that_is_gone_by_then_is_offered_as_a_new_one(editor):
    tag = articles.tag()
    page = opened(editor, tag)
    tag.delete()
    answer = editor.post(address(tag), page | {"name": "Bitcoin and others"}, follow=True)
    assert "Somebody deleted this tag meanwhile" in answer.content.decode()
    assert 'value="Bitcoin and others"' in answer.content.decode()


def test_a_row_that_somebody_changed_is_not_deleted_before_one_has_looked(editor):
    card = articles.card()
    seen = editor.get(address(card, "delete")).context["seen"]
    Snippet.objects.update(label="Theirs")
    answer = editor.post(address(card, "delete"), {"post": "yes", "seen": seen}, follow=True)
    assert "changed “Read on” meanwhile, so it was not deleted" in answer.content.decode()
    assert Snippet.objects.exists()
    editor.post(address(card, "delete"), {"post": "yes", "seen": answer.context["seen"]})
    assert not Snippet.objects.exists()


def test_a_row_that_others_use_stays_and_says_who_uses_it(editor):
    card = articles.card(kind="disclaimer")
    articles.category(disclaimer=card)
    page = one_line(editor.get(address(card, "delete")).content)
    assert "is in use, so it stays" in page
    assert "Research" in page
    chosen_rows = {"action": "delete_selected", "_selected_action": [card.pk], "post": "yes"}
    editor.post("/admin/articles/snippet/", chosen_rows)
    assert Snippet.objects.exists()


def test_erasing_a_subscriber_erases_what_was_typed_on_their_page(editor):
    person = factories.subscriber()
    editor.post(address(person, "change").replace("change", "keep"), opened(editor, person) | {"name": "Ann Mayer"})
    assert KeptWork.objects.count() == 1
    subscriptions.forget(person)
    assert not KeptWork.objects.exists()
