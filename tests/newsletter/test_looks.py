"""How the mail looks: on a phone and a desk, in the light and in the dark, with a template's colours, and without any styles."""

import re

import pytest

from articles.models import Snippet
from core.lib import colours
from newsletter.models import BriefingItem, MailTemplate
from newsletter.sending import composition, looks
from tests.newsletter import factories

pytestmark = pytest.mark.django_db

URL = "https://example.com/a"
PICTURE = {"image_url": "https://example.com/a.jpg", "image_alt": "A bridge", "image_width": 536, "image_height": 302}
RICH = f'<h2>Three</h2><p>See <a href="{URL}">it</a>.</p><table><tr><th>One</th><td>two</td></tr></table><pre>a b</pre>'
PARTS = [
    {"kind": "article", "heading": "Large", "text": "Words.", "url": URL, "size": "large", **PICTURE},
    {
        "kind": "article",
        "heading": "Medium",
        "text": "Words.",
        "url": URL,
        "size": "medium",
        **PICTURE,
        "image_width": 160,
    },
    {
        "kind": "article",
        "heading": "Small",
        "url": URL,
        "size": "small",
        **PICTURE,
        "image_width": 72,
        "image_height": 72,
    },
    {"kind": "text", "html": RICH},
    {"kind": "image", **PICTURE, "caption": "A bridge, seen from below"},
    {"kind": "button", "label": "Vote now", "url": URL},
    {"kind": "divider"},
]
AD = {
    "heading": "Keys in four cities",
    "text": "Ask us.",
    "url": URL,
    "label": "Paid advertisement",
    "sponsor_name": "Quay",
}
COLOURS = {
    "as from the start": {},
    "warm": {"accent": "#1f5c4d", "page": "#f3f1ec", "sheet": "#fffdf8", "ink": "#1d2320"},
    "dark by itself": {"accent": "#9ad1ff", "page": "#000000", "sheet": "#101418", "ink": "#f0f0f0"},
    "a page that no link can be read on": {"accent": "#1f5c4d", "page": "#2c6a5b"},
}


def html_of(weekly, **fields):
    """The HTML of a briefing with every kind of part."""
    template = MailTemplate(
        newsletter=weekly, name="Own", header_html="<p>Every Friday</p>", footer_html=RICH, **fields
    )
    template.full_clean()
    template.save()
    briefing = factories.briefing(weekly, items=PARTS, template=template, introduction=RICH)
    shared = Snippet.objects.create(
        kind="text", slug="shared", html=RICH, heading="Join", label="Join us", url="/about/"
    )
    briefing.items.create(kind="snippet", ordering=80, snippet=shared)
    items = composition.items_of(briefing)
    items.append(BriefingItem(briefing=briefing, kind="sponsor", **AD, **PICTURE))
    return composition.render(briefing, composition.plain_links("0", "0"), items=items).html


@pytest.mark.parametrize("name", COLOURS)
def test_words_can_be_read_wherever_they_stand_with_any_templates_colours(weekly, name):
    look = looks.look_of(MailTemplate(newsletter=weekly, **COLOURS[name]))
    if look is None:
        return
    grounds = {"ink_in_a_box": look["page"], "accent_in_a_box": look["page"], "accent_in_an_ad": looks.AD}
    grounds |= {"on_accent": look["accent"], "accent_in_the_dark": looks.DARK_BOX}
    low = {shade: look[shade] for shade, ground in grounds.items() if colours.contrast(look[shade], ground) < 4.5}
    assert low == {}


def test_without_any_styles_it_is_all_there_and_nothing_that_was_hidden(weekly):
    html = re.sub(r"<style.*?</style>", "", html_of(weekly), flags=re.DOTALL)
    html = re.sub(r'\sstyle="[^"]*"', "", html)
    words = re.sub(r"<[^>]+>", " ", html)
    assert words.index("Paid advertisement") < words.index("Keys in four cities")
    assert "Unsubscribe" in words
    assert html.count("<hr") == 1, "a divider is a line"
    assert all(re.search(r'\balt="', image) for image in re.findall(r"<img[^>]*>", html))


# Each text with its colour and the ground that it stands on, where those are too alike; and what is wider than the window.
LOOK = """() => {
    const channels = (text) => text.match(/[\\d.]+/g).map(Number);
    const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255)
        .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, place) => sum + c * [0.2126, 0.7152, 0.0722][place], 0);
    const ground = (element) => {
        for (let one = element; one; one = one.parentElement) {
            const found = channels(getComputedStyle(one).backgroundColor);
            if (found.length < 4 || found[3] > 0) return found;
        }
        return [255, 255, 255];
    };
    const unreadable = [];
    for (const element of document.querySelectorAll("body *")) {
        const words = [...element.childNodes].filter((node) => node.nodeType === 3 && node.data.trim());
        if (!words.length || !element.getClientRects().length || element.closest(".preheader")) continue;
        const [one, other] = [channels(getComputedStyle(element).color), ground(element)].map(luminance).sort((a, b) => b - a);
        const contrast = (one + 0.05) / (other + 0.05);
        if (contrast < 4.45) unreadable.push(`${words[0].data.trim()}: ${contrast.toFixed(1)}`);
    }
    return {unreadable, sideways: document.documentElement.scrollWidth - window.innerWidth};
}"""


@pytest.mark.browser
@pytest.mark.parametrize("name", COLOURS)
def test_on_a_phone_and_a_desk_in_the_light_and_the_dark_it_fits_and_can_be_read(weekly, browser, name):
    html, found = html_of(weekly, **COLOURS[name]), {}
    context = browser.new_context()
    context.route("**/*", lambda route: route.abort())  # pictures; their places are as large without them
    page = context.new_page()
    for width in (375, 600):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)
            page.set_content(html, wait_until="domcontentloaded")
            found[width, scheme] = page.evaluate(LOOK)
    context.close()
    assert [said for said in found.values() if said["unreadable"] or said["sideways"]] == []
