"""How a result came about: a tree of steps, each a message id with parameters.

A step holds no sentence. Doors render it with `engine.messages.render` in the reader's language, so one stored
derivation serves every language, and a corrected wording reaches old results too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

Param = str | int | bool | None | list[Any] | dict[str, Any]


def plain(value: object) -> Param:
    """The value as JSON can hold it: dates in ISO form, exact numbers as text. Raises TypeError for a float."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal | Fraction):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence | frozenset | set):
        return [plain(item) for item in (sorted(value) if isinstance(value, frozenset | set) else value)]
    raise TypeError(f"{type(value).__name__} does not belong into a derivation")


@dataclass(frozen=True)
class Step:
    """One step: a key of `engine.messages.MESSAGES`, its parameters (JSON values), and the steps it rests on."""

    message: str
    params: Mapping[str, Param] = field(default_factory=dict)
    children: tuple[Step, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The step as JSON data; empty parts are left out."""
        data: dict[str, Any] = {"message": self.message}
        if self.params:
            data["params"] = dict(self.params)
        if self.children:
            data["children"] = [child.to_json() for child in self.children]
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Step:
        """The inverse of `to_json`. Raises KeyError if the message id is missing."""
        return cls(
            data["message"],
            dict(data.get("params", {})),
            tuple(cls.from_json(child) for child in data.get("children", ())),
        )

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Step]]:
        """The step and everything below it, each with its depth, in reading order."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)


def step(message: str, *children: Step, **params: object) -> Step:
    """A step with its parameters turned into JSON values."""
    return Step(message, {key: plain(value) for key, value in params.items()}, children)
