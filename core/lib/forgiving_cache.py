"""A cache whose server may be down: then it is empty and keeps nothing, instead of failing the request."""

import logging
from collections.abc import Callable
from typing import Any

from django.core.cache import caches
from django.core.cache.backends.base import BaseCache

logger = logging.getLogger(__name__)


class ForgivingCache(BaseCache):
    """Wraps the cache whose alias is in `LOCATION`."""

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
