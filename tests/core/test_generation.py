"""What is kept in a process is dropped when content changes."""

import pytest

from core import generation
from core.models import SiteProfile

pytestmark = pytest.mark.django_db


def test_an_answer_is_kept_for_one_generation():
    calls = []

    @generation.per_generation
    def build(name):
        calls.append(name)
        return name

    assert (build("a"), build("a"), build("b")) == ("a", "a", "b")
    generation.bump()
    build("a")
    assert calls == ["a", "b", "a"]


def test_saving_the_profile_shows_at_once():
    assert SiteProfile.current().name == "Moonpress"
    SiteProfile(name="Perigee").save()
    assert SiteProfile.current().name == "Perigee"


def test_asking_again_needs_no_query(django_assert_num_queries):
    SiteProfile.current()
    with django_assert_num_queries(0):
        SiteProfile.current()
