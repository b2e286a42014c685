"""What a first visit of an article fetches beside its HTML and images stays light."""

import re

import brotli
from django.contrib.staticfiles import finders
from django.template.loader import get_template

LIMIT = 50_000
ALWAYS = ["fonts/newsreader-core.woff2", "fonts/newsreader-italic-core.woff2", "fonts/hanken-grotesk-core.woff2"]


def _bytes_sent(name):
    with open(finders.find(name), "rb") as file:
        content = file.read()
    return len(content) if name.endswith(".woff2") else len(brotli.compress(content))


def test_the_styles_scripts_and_fonts_of_an_article_stay_under_their_limit():
    sources = get_template("base.html").template.source + get_template("articles/article.html").template.source
    names = set(re.findall(r"static \"((?:css|js)/[^\"]+)\"", sources))
    assert {"css/tokens.css", "js/theme.js"} <= names
    assert sum(map(_bytes_sent, [*names, *ALWAYS])) < LIMIT


def test_only_the_parts_of_the_fonts_that_every_page_needs_are_asked_for_early():
    preloaded = re.findall(r"preload\" href=\"{% static \"([^\"]+)\"", get_template("base.html").template.source)
    assert preloaded == ["fonts/newsreader-core.woff2", "fonts/hanken-grotesk-core.woff2"]


def test_the_beacon_s_script_is_under_300_bytes():
    with open(finders.find("js/beacon.js"), "rb") as file:
        assert len(file.read()) < 300
