"""The admin's site names what somebody may open as Django's own does, and looks up no address twice."""

import pytest
from django.contrib import admin
from django.contrib.admin import AdminSite
from django.urls import set_script_prefix

from core.lib import admin_site
from core.lib.roles import ROLES
from core.models import User
from tests.articles import factories

pytestmark = pytest.mark.django_db


def asked_by(person, rf):
    request = rf.get("/admin/")
    request.user = person
    return request


def test_everybody_is_shown_what_django_shows(rf):
    people = [*map(factories.user, ROLES), User.objects.create_superuser("root@example.com")]
    for request in (asked_by(person, rf) for person in people):
        for label in (None, "core", "articles", "nothing"):
            assert admin.site.get_app_list(request, label) == AdminSite.get_app_list(admin.site, request, label)


def test_an_address_is_kept_for_the_prefix_that_the_site_is_served_at(rf):
    request = asked_by(User.objects.create_superuser("root@example.com"), rf)
    assert admin.site.get_app_list(request, "core")[0]["app_url"] == "/admin/core/"
    set_script_prefix("/news/")
    try:
        assert admin.site.get_app_list(request, "core")[0]["app_url"] == "/news/admin/core/"
    finally:
        set_script_prefix("/")
    assert admin.site.get_app_list(request, "core")[0]["app_url"] == "/admin/core/"


def test_no_address_is_looked_up_twice(rf):
    request = asked_by(User.objects.create_superuser("root@example.com"), rf)
    admin.site.get_app_list(request)
    before = admin_site.address_of.cache_info()
    assert admin.site.get_app_list(request)
    after = admin_site.address_of.cache_info()
    assert (after.misses, after.hits > before.hits + 100) == (before.misses, True)
