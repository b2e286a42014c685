"""What the editors of rich text and blocks need of the content security policy, on the pages that have them."""

from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from django.http import HttpRequest
from js_asset import Media


def allow_editors(request: HttpRequest, response: Any) -> Any:
    """Let the editors work on this page alone; reader pages and other pages of the desk stay as strict as they are.

    They need an import map, which is an inline script: it gets this request's nonce. Their scripts put style elements
    in, which no nonce reaches: inline styles are allowed here. Inline scripts stay refused.
    """
    if response.context_data:
        media = Media.from_media(response.context_data["media"], nonce=request.csp_nonce)  # type: ignore[attr-defined]
        response.context_data["media"] = media
    response._csp_replace = {"style-src": [SELF, UNSAFE_INLINE]}
    return response
