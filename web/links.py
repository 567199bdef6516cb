"""Filters as links."""

from __future__ import annotations

from django.http import HttpRequest

from contracts.addresses import number_parameter, with_query
from web.components import FilterGroup, FilterOption

__all__ = ["filter_group", "number_parameter", "with_query"]


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
