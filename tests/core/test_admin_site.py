"""The admin's site names what somebody may open as Django's own does, and looks up no address twice."""

import pytest
from django.contrib import admin
from django.contrib.admin import AdminSite
from django.template.loader import render_to_string
from django.urls import set_script_prefix

from core.lib import admin_site
from core.lib.roles import ROLES
from core.models import User
from core.templatetags import sidebar
from tests.articles import factories
from tests.html import one_line

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


def menus(request, path):
    """The menu beside a page as it is here, and as Django renders it."""
    request.path = path
    shown = {"app_list": admin.site.get_app_list(request), "request": request}
    return sidebar.sidebar(shown, shown["app_list"]), render_to_string("admin/app_list.html", shown)


def test_the_menu_beside_a_page_is_django_s_and_says_where_one_is(rf):
    people = [*map(factories.user, ROLES), User.objects.create_superuser("root@example.com")]
    paths = (
        "/admin/",
        "/admin/articles/",
        "/admin/articles/article/5/change/",
        "/admin/core/é/",
        "/admin/surveys/season/",
    )
    for request in (asked_by(person, rf) for person in people):
        for path in paths:
            ours, django = map(one_line, menus(request, path))
            assert ours.replace("> <", "><").strip() == (
                django.replace("> <", "><").strip() if "module" in django else ""
            )
            assert ours.count('aria-current="page"') == django.count('aria-current="page"')


def test_the_menu_is_rendered_once_for_what_it_shows(rf):
    request = asked_by(User.objects.create_superuser("root@example.com"), rf)
    menus(request, "/admin/core/webhook/")
    before = sidebar._rendered.cache_info().misses
    assert menus(request, "/admin/core/webhook/7/change/")[0] == menus(request, "/admin/core/webhook/")[0]
    assert sidebar._rendered.cache_info().misses == before
