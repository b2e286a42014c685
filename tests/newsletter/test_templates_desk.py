"""Mail templates at the desk: seen with a sample briefing, and offered to the briefings of their newsletter; what leads there."""

import pytest

from newsletter.models import Briefing, MailTemplate
from tests.html import posted_by
from tests.newsletter import factories

pytestmark = pytest.mark.django_db

DESK = "/admin/newsletter/mailtemplate/"


@pytest.fixture
def template(weekly):
    factories.profile()
    return MailTemplate.objects.create(
        newsletter=weekly, name="Warm", accent="#1f5c4d", footer_html="<p>Until tomorrow.</p>", card_size="medium"
    )


@pytest.fixture
def manager(client):
    client.force_login(factories.user("manager@example.com", role="newsletter manager"))
    return client


def test_a_template_is_seen_with_a_sample_of_every_part_and_nothing_is_stored(manager, template):
    page = manager.get(f"{DESK}{template.pk}/preview/").content.decode()
    assert page.count("<iframe") == 4
    light, dark = (manager.get(f"{DESK}{template.pk}/preview/mail.html?scheme={each}") for each in ("", "dark"))
    assert "script-src 'none'" in light["Content-Security-Policy"]
    html = light.content.decode()
    for part in ("#1f5c4d", "Until tomorrow.", "An article that leads", "A button", "Sponsored", 'width="160"'):
        assert part in html
    assert html.index("An article that leads") < html.index("Sponsored") < html.index("Another article")
    assert dark.content.decode() != html
    assert not Briefing.every.exists()


def test_the_button_that_leads_to_the_preview_saves_first(manager, template):
    page = f"{DESK}{template.pk}/change/"
    form = posted_by(manager.get(page).content.decode(), "mailtemplate_form")
    answer = manager.post(page, form | {"footer_html": ["<p>Good night.</p>"], "_preview": ["1"]})
    assert answer.url == f"{DESK}{template.pk}/preview/"
    assert "Good night." in manager.get(f"{DESK}{template.pk}/preview/mail.html").content.decode()


@pytest.mark.parametrize(("role", "status"), [("editor", 200), ("sponsorship manager", 403), ("writer", 403)])
def test_who_may_see_templates_sees_how_they_look(client, template, role, status):
    client.force_login(factories.user(role=role))
    for page in ("preview/", "preview/mail.html"):
        assert client.get(f"{DESK}{template.pk}/{page}").status_code == status


def test_a_briefing_offers_templates_by_their_newsletter(manager, template):
    other = factories.newsletter(name="Notes", slug="notes", is_default=False)
    MailTemplate.objects.create(newsletter=other, name="Plain")
    draft = factories.briefing(template.newsletter)
    page = manager.get(f"/admin/newsletter/briefing/{draft.pk}/change/")
    offered = page.context["adminform"].form.fields["template"].choices
    assert [(group, [name for _, name in rows]) for group, rows in list(offered)[1:]] == [
        ("Notes", ["Plain"]),
        ("Weekly", ["Warm"]),
    ]
    assert "own_templates.js" in page.content.decode()


def test_a_newsletter_leads_to_all_that_belongs_to_it(manager, weekly):
    html = manager.get(f"/admin/newsletter/newsletter/{weekly.pk}/change/").content.decode()
    lists = ("briefing", "subscriber", "mailtemplate", "briefingplan", "automation")
    addresses = [
        f"/admin/newsletter/{name}/?{'list' if name == 'subscriber' else 'newsletter__id__exact'}={weekly.pk}"
        for name in lists
    ]
    for address in addresses:
        assert f'href="{address}"' in html
        assert manager.get(address).status_code == 200
