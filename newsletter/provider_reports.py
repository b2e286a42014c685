"""The webhook by which a mail provider reports bounces and complaints, answered by django-anymail where MAIL_PROVIDER names one.

Its secret proves that a report is the provider's, and the token of the message, which only we can make, whom it is about.
"""

import logging
from functools import cache
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from newsletter import bounces
from newsletter.mail.providers import PROVIDERS, read
from newsletter.models import IgnoredReports

logger = logging.getLogger(__name__)


@csrf_exempt
@never_cache
def take(request: HttpRequest) -> HttpResponse:
    """Take what the provider reports. An event at a time: one that meets an error is told again by the provider."""
    if not settings.MAIL_PROVIDER:
        raise Http404("No mail provider reports to this site.")
    from anymail.exceptions import AnymailError, AnymailWebhookValidationFailure

    try:
        return _view(settings.MAIL_PROVIDER).as_view()(request)
    except AnymailWebhookValidationFailure:
        bounces.ignore(IgnoredReports.Reason.FORGED)
        return HttpResponse(status=HTTPStatus.FORBIDDEN)
    except (AnymailError, LookupError, TypeError, ValueError, AttributeError):
        logger.warning("A report of the mail provider could not be read", exc_info=True)
        bounces.ignore(IgnoredReports.Reason.OTHER)
        return HttpResponse(status=HTTPStatus.BAD_REQUEST)


@cache
def _view(provider: str) -> Any:
    """Anymail's view of a provider. Its signal is heard from the first request on."""
    from anymail.signals import tracking

    tracking.connect(_take_event, dispatch_uid="newsletter.provider_reports")
    return import_string(f"anymail.webhooks.{PROVIDERS[provider].view}")


def _take_event(event: Any, **_: Any) -> None:
    report = read(PROVIDERS[settings.MAIL_PROVIDER], event)
    if report:
        bounces.take_report(report)
