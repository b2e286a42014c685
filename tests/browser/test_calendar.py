"""The calendar in a real browser: by mouse and by keyboard."""

from datetime import timedelta

import pytest
from django.utils import timezone

from articles import publishing
from articles.models import Article
from tests.articles import factories
from tests.articles.test_desk_in_a_browser import sign_in, someone

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_an_article_is_dragged_and_taken_by_keyboard_to_another_day(page):
    article = factories.article(title="Due soon")
    middle = (timezone.now() + timedelta(days=35)).replace(day=15, hour=12, minute=0, second=0, microsecond=0)
    publishing.schedule(article, at=middle)
    sign_in(page, someone("Ana"))
    page.goto(f"/admin/calendar/?month={middle:%Y-%m}")

    def days():
        return (Article.objects.get().publish_at - middle).days

    page.locator(".cal-entry", has_text="Due soon").drag_to(page.locator(f"[data-day='{middle:%Y-%m}-13']"))
    page.locator(".messagelist").wait_for()
    assert days() == -2
    page.locator(".cal-entry__move").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert "Enter moves “Due soon” there" in page.locator(".cal-says").inner_text()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert days() == 0
