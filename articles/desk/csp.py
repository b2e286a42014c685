"""The content security policy of pages with editors of rich text and blocks."""

from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from django.http import HttpRequest
from js_asset import Media


def allow_editors(request: HttpRequest, response: Any) -> Any:
    """Relax the policy so that the editors work on this page; every other page stays as strict as it is.

    The editors need an import map, which is an inline script: it gets this request's nonce. Their scripts insert style
    elements, which cannot carry a nonce, so inline styles are allowed here. Inline scripts are still refused.
    """
    if response.context_data:
        media = Media.from_media(response.context_data["media"], nonce=request.csp_nonce)  # type: ignore[attr-defined]
        response.context_data["media"] = media
    response._csp_replace = {"style-src": [SELF, UNSAFE_INLINE]}
    return response
