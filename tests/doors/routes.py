"""Every route of the project, from the URLconf, with its declared access and a way to fill its address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from accounts.middleware import declared_access
from accounts.policy import Access


@dataclass(frozen=True)
class Route:
    name: str
    view: Callable[..., Any]
    access: Access | None
    parameters: tuple[str, ...]

    @property
    def is_api(self) -> bool:
        return bool(getattr(getattr(self.view, "cls", None), "api_door", False))

    def url(self, values: dict[Any, Any]) -> str:
        """The address with parameters from `values`; a missing one is a hole in the test's world."""
        try:
            given = {name: values.get((self.name, name)) or values[name] for name in self.parameters}
            return reverse(self.name, kwargs=given)
        except (KeyError, NoReverseMatch) as error:
            raise AssertionError(f"{self.name}: give the test world a value for {error}") from error


def _walk(patterns: list[Any], namespace: str, parameters: tuple[str, ...]) -> Iterator[Route]:
    for pattern in patterns:
        names = parameters + tuple(pattern.pattern.converters) + tuple(pattern.pattern.regex.groupindex)
        names = tuple(dict.fromkeys(names))
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _walk(pattern.url_patterns, inner, names)
        elif isinstance(pattern, URLPattern):
            name = f"{namespace}{pattern.name}"
            yield Route(name, pattern.callback, declared_access(pattern.callback, name), names)


def all_routes() -> list[Route]:
    """The whole URLconf, in order."""
    return list(_walk(get_resolver().url_patterns, "", ()))
