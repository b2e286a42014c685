"""A cache that may be away: then nothing is found in it and nothing kept, and nobody gets an error page for it."""

import logging
from collections.abc import Callable
from typing import Any

from django.core.cache import caches
from django.core.cache.backends.base import BaseCache

logger = logging.getLogger(__name__)


class ForgivingCache(BaseCache):
    """Passes everything on to the cache of another alias, which `LOCATION` names."""

    def __init__(self, alias: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._alias = alias

    def _try(self, ask: Callable[[BaseCache], Any], otherwise: Any) -> Any:
        try:
            return ask(caches[self._alias])
        except Exception as error:  # noqa: BLE001 (each kind of server raises its own)
            logger.warning("The cache does not answer: %s", error)
            return otherwise

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._try(lambda cache: cache.add(*args, **kwargs), True))

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._try(lambda cache: cache.get(key, default, version), default)

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._try(lambda cache: cache.set(*args, **kwargs), None)

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._try(lambda cache: cache.touch(*args, **kwargs), False))

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._try(lambda cache: cache.delete(*args, **kwargs), False))

    def clear(self) -> None:
        self._try(lambda cache: cache.clear(), None)
