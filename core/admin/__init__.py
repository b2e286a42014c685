"""The newsroom's admin: its name, its sign-in, and people, the site's profile, outgoing mail, webhooks, keys of the API and
the audit log in it."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin

from core.admin import api_keys, audit_log, outgoing_mail, site_profile, users, webhooks

__all__ = ["api_keys", "audit_log", "outgoing_mail", "site_profile", "users", "webhooks"]

admin.site.site_header = admin.site.site_title = "Moonpress"
admin.site.index_title = "Newsroom"
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
