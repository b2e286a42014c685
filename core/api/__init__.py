"""What views of the API share. Answers to everybody may be kept by any cache, and name pages by our own address."""

from typing import Any, cast

from django.utils.decorators import method_decorator

from core.api.paging import Pages
from core.pagecache import public

__all__ = ["Pages", "kept"]

# Cast, since the REST framework's views answer with a response class of their own.
kept: Any = method_decorator(cast(Any, public), name="dispatch")
