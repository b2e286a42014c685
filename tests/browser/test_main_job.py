"""The newsroom's main job, walked in a browser on the demo newsroom, with the real worker and real mail."""

import email
import email.policy
import re

import pytest
from django.core.management import call_command

from newsletter.models import Briefing, Delivery, Newsletter, Subscription
from surveys.models import AwardCategory, Ballot
from tests.processes import run_manage
from tests.smtp import wait_until

PASSWORD = "a password for the demo"
TITLE = "Why fees fall on Sundays"
PATH = "/blog/why-fees-fall-on-sundays/"
EXPORTED = [("Brought along", "brought-along", "false"), ("Not yet", "not-yet", "true")]


@pytest.fixture
def newsroom(settings, live_site, celery_worker):
    """The demo newsroom, served."""
    settings.DEMO_PASSWORD = PASSWORD
    call_command("load_demo", verbosity=0)
    Newsletter.objects.update(undo_seconds=0)  # nobody waits here to take a briefing back
    return live_site


def test_the_main_job(newsroom, page, smtp_server, tmp_path):
    an_editor_publishes_an_article(page)
    a_reader_reads_it(page)
    posts_come_in_from_elsewhere(page, tmp_path / "posts.csv")
    a_reader_subscribes(page, smtp_server)
    a_voter_votes_and_thinks_again(page, smtp_server)
    the_steward_releases_the_result(page)
    the_finished_season_shows_its_shares(page)
    a_briefing_goes_out(page, smtp_server)
    a_subscriber_leaves_with_one_click(page, smtp_server)
    the_media_kit_quotes_what_was_sent(page)


def an_editor_publishes_an_article(page):
    sign_in(page, "editor@example.com")
    page.goto("/admin/articles/article/add/")
    page.fill("#id_title", TITLE)
    page.fill("#id_standfirst", "A quiet day, measured block by block.")
    page.select_option("#id_category", label="Research")
    add_block(page, "Text")
    page.locator(".ProseMirror").last.click()
    page.keyboard.type("Blocks are emptier when offices are shut.")
    add_block(page, "Question and answer")
    page.fill("#id_block-faq-0-question", "Is it so every week?")
    page.locator(".ProseMirror").last.click()
    page.keyboard.type("Nearly.")
    add_block(page, "Call to action")
    for name, value in {"heading": "More of this", "label": "Read on", "url": "/blog/"}.items():
        page.fill(f"#id_block-cta-0-{name}", value)
    page.click("text=Save and preview")
    preview = page.frame_locator("iframe").first
    preview.get_by_text("Blocks are emptier when offices are shut.").wait_for()
    assert page.request.get(PATH).status == 404, "readers do not see a draft"
    page.get_by_role("link", name=TITLE).first.click()
    page.click("input[name=_publish], button[name=_publish]")
    page.locator(".messagelist", has_text="Published").wait_for()
    sign_out(page)


def a_reader_reads_it(page):
    page.goto(PATH)
    for text in (TITLE, "A quiet day", "Blocks are emptier", "Is it so every week?", "min read", "Recent posts"):
        page.get_by_text(text).first.wait_for(state="attached")
    for landmark in (".backlink", ".byline", ".disclaimer", ".cta", ".signup", ".sponsor"):
        assert page.locator(landmark).count(), landmark
    page.goto("/blog/search/?q=sundays")
    page.get_by_role("link", name=TITLE).wait_for()
    assert not page.context.cookies(), "reading sets no cookie"


def posts_come_in_from_elsewhere(page, export):
    body = "<h2>Basics</h2><p>It came from elsewhere.</p><h2>FAQs</h2><h3>Q1. Is it whole?</h3><p>Every word.</p>"
    header = "Name,Slug,Draft,Published On,Post Summary,Category,Author,Post Body"
    when = "Fri Jan 10 2025 14:00:00 GMT+0000 (Coordinated Universal Time)"
    rows = [f"{name},{slug},{draft},{when},In short,research,ann-lee,{body}" for name, slug, draft in EXPORTED]
    export.write_text("\n".join([header, *rows]) + "\n")
    assert "2 new" in run_manage("import_posts", str(export)).stdout
    assert "0 new, 2 unchanged" in run_manage("import_posts", str(export)).stdout
    page.goto("/blog/brought-along/")
    page.get_by_text("It came from elsewhere.").wait_for()
    page.locator("summary", has_text="Is it whole?").click()
    page.get_by_text("Every word.").wait_for()
    assert page.request.get("/blog/not-yet/").status == 404, "a draft stays a draft"


def a_reader_subscribes(page, smtp):
    page.goto(PATH)
    form = page.locator("form[data-signup]").last
    form.locator("input[name=email]").fill("reader@example.com")
    form.get_by_role("button", name="Subscribe").click()
    page.get_by_text("check your inbox").first.wait_for()
    page.goto(link_in(wait_for_mail(smtp, "reader@example.com"), "/newsletter/confirm/"))
    assert not Subscription.objects.filter(subscriber__email="reader@example.com", state="confirmed").exists()
    page.get_by_role("button", name="Yes, subscribe me").click()
    page.get_by_role("heading", name="You are subscribed").wait_for()


def a_voter_votes_and_thinks_again(page, smtp):
    vote(page, "Quillsafe", ranked=("Who Orders Whom", "The Slow Block"))
    page.goto(link_in(wait_for_mail(smtp, "voter@example.com"), "/awards/ballot/"))
    page.locator("dd", has_text="Quillsafe").wait_for()
    page.locator("dd", has_text="2. The Slow Block").wait_for()
    page.get_by_role("button", name="Yes, cast my vote").click()
    page.get_by_role("heading", name="Your vote is cast").wait_for()
    vote(page, "Quillsafe", address="voter+again@example.com")
    page.goto(link_in(wait_for_mail(smtp, "voter+again@example.com"), "/awards/ballot/"))
    page.get_by_text("This vote takes the place of that one").wait_for()
    page.get_by_text("No: choose something else").click()
    page.get_by_label("Fernkey").check()
    page.get_by_role("button", name="Cast this vote instead").click()
    page.get_by_role("heading", name="Your vote is cast").wait_for()
    ballots = Ballot.objects.filter(category__slug="beginner-wallet", category__season__slug="moon-awards-2026")
    assert [(ballot.state, ballot.choice) for ballot in ballots.order_by("state")] == [
        ("cast", [["fernkey"]]),
        ("superseded", [["quillsafe"]]),
    ]


def the_steward_releases_the_result(page):
    page.goto("/awards/moon-awards-2026/beginner-wallet/")
    page.get_by_role("heading", name="Wallet for a first hundred dollars").wait_for()
    assert not page.get_by_text("100.0 %").count(), "nothing is told before the release"
    sign_in(page, "steward@example.com")
    category = AwardCategory.objects.get(slug="beginner-wallet", season__slug="moon-awards-2026")
    for _ in ("close", "count", "release"):  # the page has the next step, each time another
        page.goto(f"/admin/surveys/awardcategory/{category.pk}/step/")
        if page.locator("input[name=sure]").count():
            page.check("input[name=sure]")
        page.click(".stand-next__button")
        page.locator(".messagelist .success").wait_for()
    sign_out(page)
    page.goto("/awards/moon-awards-2026/beginner-wallet/")
    page.get_by_role("row", name=re.compile("Fernkey.*100.0 %")).wait_for()


def the_finished_season_shows_its_shares(page):
    page.goto("/awards/moon-awards-2025/bitcoin-etf/")
    rows = page.locator("table").first.inner_text()
    for share in ("49.7", "30.6", "7.0", "3.7", "3.6", "3.2", "0.9"):
        assert f"{share} %" in rows
    assert page.locator("figure svg title").count()


def a_briefing_goes_out(page, smtp):
    sign_in(page, "newsletter@example.com")
    page.goto("/admin/newsletter/briefing/compose/")
    page.click("text=Create the draft")
    page.fill("#id_subject", "Sundays are cheap")
    page.click("text=Save and preview")
    page.frame_locator("iframe").first.get_by_text("Paid advertisement").first.wait_for()
    page.fill("textarea[name=to]", "colleague@example.com")
    page.click("text=Send the test")
    assert parsed(wait_for_mail(smtp, "colleague@example.com"))["Subject"].startswith("[Test] ")
    page.get_by_role("link", name=re.compile("Approve")).first.click()
    for warning in page.locator("input[name=confirmed]").all():
        warning.check()
    page.locator("input[type=submit][value^=Approve]").click()
    page.get_by_text("This briefing was sent").wait_for(timeout=60_000)
    sign_out(page)
    sent = [received.recipient for received in smtp.messages if parsed(received)["Subject"] == "Sundays are cheap"]
    audience = Subscription.objects.mailable().filter(newsletter__is_default=True)
    assert sorted(sent) == sorted(audience.values_list("subscriber__email", flat=True)), "everyone exactly once"
    assert Delivery.objects.filter(briefing__subject="Sundays are cheap", state="sent").count() == len(sent)
    text = body_of(briefing_of(smtp))
    assert TITLE in text
    assert "Paid advertisement" in text


def a_subscriber_leaves_with_one_click(page, smtp):
    header = parsed(briefing_of(smtp))["List-Unsubscribe"]
    url = re.search(r"<(https?://[^>]+)>", header)
    assert url
    answer = page.request.post(url[1], form={"List-Unsubscribe": "One-Click"})
    assert answer.ok
    assert Subscription.objects.get(subscriber__email="reader@example.com").state == "unsubscribed"


def the_media_kit_quotes_what_was_sent(page):
    page.goto("/advertise/")
    for package in ("Platinum", "Gold", "Silver"):
        page.get_by_role("heading", name=package).wait_for()
    sent = Delivery.objects.filter(state="sent", briefing__in=Briefing.objects.all()).count()  # letters carry no ads
    page.get_by_text(f"{sent:,}", exact=False).first.wait_for()


# The hands of all these people


def sign_in(page, address):
    page.goto("/admin/")
    page.fill("input[name=login]", address)
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/admin/")


def sign_out(page):
    page.goto("about:blank")  # the desk says that one leaves, which only somebody signed in can
    page.context.clear_cookies()


def add_block(page, name):
    page.locator(".order-machine-insert-target.last").click()
    page.locator(".plugin-button", has_text=re.compile(rf"{name}\s*$")).first.click()


def vote(page, nominee, address="voter@example.com", ranked=()):
    page.goto("/awards/moon-awards-2026/vote/")
    page.get_by_label(nominee).check()
    for name in ranked:
        page.get_by_role("button", name=f"Move {name} up").press("Enter")
    page.fill("input[name=email]", address)
    page.get_by_role("button", name="Send my vote").click()
    page.get_by_role("heading", name=re.compile("inbox|mail", re.IGNORECASE)).first.wait_for()


def wait_for_mail(smtp, address):
    wait_until(lambda: bool(smtp.to(address)), what=f"mail to {address}")
    return smtp.to(address)[-1]


def briefing_of(smtp):
    return next(
        received
        for received in smtp.to("reader@example.com")
        if parsed(received)["Subject"] == "Sundays are cheap"  # not the welcome mail
    )


def parsed(received):
    return email.message_from_bytes(received.message, policy=email.policy.default)


def body_of(received):
    body = parsed(received).get_body(("plain",))
    assert body
    return str(body.get_content())


def link_in(received, path):
    found = re.search(rf"https?://\S+{re.escape(path)}\S+", body_of(received))
    assert found, body_of(received)
    return found[0].rstrip(".>)")
