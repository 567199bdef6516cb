"""Addresses of lists: the current query with some parameters changed."""

from __future__ import annotations

from django.http import HttpRequest

from web.components import FilterGroup, FilterOption

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


def filter_group(
    request: HttpRequest, name: str, label: str, options: list[tuple[str, str]], counts: dict[str, int] | None = None
) -> FilterGroup:
    """A segmented control over one query parameter; the first option is the default and clears it."""
    current = request.GET.get(name, "") or options[0][0]
    return FilterGroup(
        label,
        tuple(
            FilterOption(
                text,
                with_query(request, **{name: None if index == 0 else value}),
                current == value,
                counts.get(value) if counts else None,
            )
            for index, (value, text) in enumerate(options)
        ),
    )
