"""Sequences in pieces, so that no statement or message grows with the data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """`items` in pieces of `size`, the last one shorter."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
