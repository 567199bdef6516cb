"""Addresses of pages: the current query with some parameters changed, and what a query holds."""

from __future__ import annotations

from django.http import HttpRequest

PAGING = ("before", "after", "cursor")


def with_query(request: HttpRequest, **changes: str | int | None) -> str:
    """The page's own address with parameters set (None or "" removes one); paging starts anew unless it is set."""
    query = request.GET.copy()
    for name in PAGING:
        query.pop(name, None)
    for name, value in changes.items():
        if value in (None, ""):
            query.pop(name, None)
        else:
            query[name] = str(value)
    encoded = query.urlencode()
    return f"{request.path}?{encoded}" if encoded else request.path


def number_parameter(request: HttpRequest, name: str) -> int | None:
    """A positive whole number from the query, or None; anything else counts as absent."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
