"""Mail providers' webhooks: each provider's own report is proved, matched by the token that it carries, and acted on."""

import json
from email import message_from_bytes

import pytest
from django.urls import reverse
from django.utils import timezone

from newsletter.mail import providers, return_path
from newsletter.models import BounceRule, ConsentAct, Delivery, IgnoredReports, MailReport, Subscriber
from newsletter.sending import sender
from tests.newsletter import factories
from tests.newsletter.providers import ADDRESS, CASES, SHAPES, anymail, postal, posted, sendgrid, ses, sparkpost

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore:django-anymail has dropped official support")]


@pytest.fixture
def report(client, settings):
    """Set a provider up, and let it POST an event."""

    def report(provider, event, **changed):
        settings.MAIL_PROVIDER, settings.ANYMAIL = provider, anymail(provider)
        request = posted(provider, event, **changed)
        if request["content_type"] is None:
            del request["content_type"]
        return client.post("/newsletter/reports/", **request).status_code

    return report


@pytest.fixture
def delivery(ann):
    briefing = factories.sent(ann.subscriptions.get().newsletter, opened=0, clicked=0)
    return Delivery.objects.create(briefing=briefing, subscriber=ann, state="sent", sent_at=timezone.now())


@pytest.fixture
def token(delivery):
    return sender.message_token(delivery.briefing_id, delivery.subscriber_id)


def ignored():
    return dict(IgnoredReports.objects.values_list("reason", "number"))


def outcome(ann):
    """What came of a report: its kind, that it was ignored and why, or that somebody left."""
    if ann.subscriptions.get().state == "unsubscribed":
        return "left"
    return next(iter([*MailReport.objects.values_list("kind", flat=True), *ignored()]), None)


@pytest.mark.parametrize(("provider", "kind"), CASES)
def test_each_providers_report_comes_to_what_it_means(report, ann, token, provider, kind):
    assert report(provider, SHAPES[provider][kind](token)) == 200
    assert outcome(ann) == kind
    reasons = {"gone": "bounce", "complaint": "complaint"}
    assert Subscriber.objects.get(pk=ann.pk).suppressed == reasons.get(kind, "")


@pytest.mark.parametrize("provider", SHAPES)
def test_a_report_under_another_secret_is_refused_and_counted(report, ann, token, provider):
    event = next(iter(SHAPES[provider].values()))(token)
    assert report(provider, event, secret="not-the-secret-of-it") == 403
    assert (outcome(ann), ignored()) == ("forged", {"forged": 1})


@pytest.mark.parametrize("provider", SHAPES)
def test_a_report_about_another_message_is_foreign(report, ann, delivery, provider):
    event = next(iter(SHAPES[provider].values()))("AAECAwQFBgcICQoLDA0ODw")
    assert report(provider, event) == 200
    assert ignored() == {"foreign": 1}


def test_a_report_that_comes_again_changes_nothing(report, ann, token):
    event = SHAPES["postmark"]["gone"](token)
    assert [report("postmark", event) for _ in range(3)] == [200, 200, 200]
    assert ignored() == {"replayed": 2}
    assert ConsentAct.objects.filter(act="bounced").count() == 1


def test_a_mailbox_that_is_gone_after_it_was_only_full_is_suppressed(report, ann, token):
    report("postmark", SHAPES["postmark"]["deferred"](token))
    report("postmark", SHAPES["postmark"]["gone"](token))
    assert (outcome(ann), Subscriber.objects.get(pk=ann.pk).suppressed) == ("gone", "bounce")
    report("postmark", SHAPES["postmark"]["deferred"](token))
    assert MailReport.objects.get().kind == "gone"


def test_what_fails_for_now_counts_towards_the_rule(report, ann, token):
    BounceRule.objects.create(times=2, within_days=60)
    report("brevo", SHAPES["brevo"]["deferred"](token))
    again = Delivery.objects.create(
        briefing=factories.sent(ann.subscriptions.get().newsletter, days_ago=2, opened=0, clicked=0), subscriber=ann
    )
    report("brevo", SHAPES["brevo"]["deferred"](sender.message_token(again.briefing_id, ann.pk)))
    assert Subscriber.objects.get(pk=ann.pk).suppressed == "bounce"


def test_leaving_by_the_providers_link_ends_the_list_of_that_briefing_alone(report, ann, token):
    other = factories.subscription(factories.newsletter(name="Monthly", slug="monthly", is_default=False))
    report("mailgun", SHAPES["mailgun"]["left"](token))
    act = ConsentAct.objects.filter(act="left").get()
    assert (act.actor, act.way) == ("server", "mail provider")
    other.refresh_from_db()
    assert other.state == "confirmed"


def test_the_return_path_matches_where_the_provider_names_it(report, settings, ann, delivery):
    settings.BOUNCE_ADDRESS = "bounces@news.example"
    mail = {"source": return_path.address_for(delivery.pk), "headers": []}
    complained = ses("", "Complaint", mail=mail, complainedRecipients=[{"emailAddress": "ann@example.com"}])
    report("amazon-ses", complained)
    assert outcome(ann) == "complaint"


def test_several_events_of_one_request_are_all_taken(report, ann, token):
    opened, gone = sendgrid(token, "open"), SHAPES["sendgrid"]["gone"](token)
    assert report("sendgrid", [*opened, *gone, *SHAPES["sendgrid"]["complaint"](token)]) == 200
    assert {*MailReport.objects.values_list("kind", flat=True)} == {"gone", "complaint"}
    assert ignored() == {}


@pytest.mark.parametrize("provider", ["brevo", "postmark", "sparkpost"])
def test_what_cannot_be_read_is_refused_and_counted(report, provider):
    assert report(provider, 17) == 400
    assert ignored() == {"other": 1}


def test_news_of_delivery_and_reading_is_not_counted_as_a_report(report, token):
    report("sparkpost", sparkpost(token, "delivery"))
    report("postal", postal(token, "MessageSent", status="Sent", output="250 OK"))
    assert (ignored(), MailReport.objects.count()) == ({}, 0)


def test_without_a_provider_there_is_no_such_page(client):
    assert client.post("/newsletter/reports/").status_code == 404


def test_a_get_takes_nothing(client, settings):
    settings.MAIL_PROVIDER, settings.ANYMAIL = "brevo", anymail("brevo")
    assert client.get("/newsletter/reports/").status_code == 405


def test_each_message_carries_the_token_as_the_provider_wants_it(weekly, settings, smtp_server):
    settings.MAIL_PROVIDER = "mailgun"
    factories.subscriptions(weekly, 1)
    briefing = factories.frozen(weekly)
    sender.pump(briefing.pk)
    token = sender.message_token(briefing.pk, briefing.deliveries.get().subscriber_id)
    assert header_of(smtp_server, "X-Mailgun-Variables") == f'{{"moonpress": "{token}"}}'


def header_of(smtp_server, name):
    (received,) = smtp_server.messages
    return message_from_bytes(received.message)[name]


@pytest.mark.parametrize("provider", [name for name in SHAPES if name != "postal"])
def test_the_header_is_one_line_that_names_the_token(provider):
    name, _, value = providers.header_for(provider, "TOKEN").partition(": ")
    assert name.startswith("X-")
    assert value == "TOKEN" or '"moonpress": "TOKEN"' in json.dumps(json.loads(value))
    assert len(name + value) < 100


def test_the_address_is_the_one_that_operators_are_told():
    assert reverse("newsletter:report-take") == ADDRESS.removeprefix("http://testserver")
