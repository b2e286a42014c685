"""What of a row is shown: only some fields by `?fields=`, more of it by `?include=`."""

from typing import Any, ClassVar

from rest_framework.exceptions import ValidationError


class Shaped:
    """A view whose rows come with the fields that are asked for. `optional` come only where `include` names them."""

    optional: ClassVar[frozenset[str]] = frozenset()
    request: Any

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        found: Any = super().get_serializer(*args, **kwargs)  # type: ignore[misc]
        if self.request is None or self.request.method not in ("GET", "HEAD") or hasattr(self, "swagger_fake_view"):
            return found  # the schema has all there is
        fields = getattr(found, "child", found).fields
        wanted = self._asked("fields", set(fields))
        more = self._asked("include", set(self.optional)) or set()
        for name in set(fields):
            if (wanted and name not in wanted) or (not wanted and name in self.optional - more):
                fields.pop(name)
        return found

    def asks_for_more(self) -> bool:
        """Whether something of `optional` is asked for."""
        return bool(self.optional & (self._names("fields") | self._names("include")))

    def _names(self, name: str) -> set[str]:
        return {each.strip() for each in self.request.query_params.get(name, "").split(",")} - {""}

    def _asked(self, name: str, known: set[str]) -> set[str]:
        asked = self._names(name)
        if unknown := sorted(asked - known):
            words = f"There is no “{unknown[0][:60]}” here. There is: {', '.join(sorted(known)) or 'nothing'}."
            raise ValidationError({name: [words]})
        return asked
