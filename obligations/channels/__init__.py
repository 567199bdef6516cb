"""Ways a reminder reaches a person. A channel is one class with two members; chat bots and others join CHANNELS.

A channel delivers a batch outside any transaction and says of each message how it went. The same message may come
twice (a worker died before it could say so): `source` and `message_id` are stable so that a channel or the reader's
mail program can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from accounts.models import User


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person: a sentence (message id and parameters), the obligation it is about (None for a digest
    or a report), further lines, and where to go."""

    recipient: User
    source: str
    message: str
    params: Mapping[str, Any]
    obligation_id: int | None = None
    path: str = ""
    lines: tuple[tuple[str, Mapping[str, Any]], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Outcome:
    """`delivered`, or why not; `retry`: worth another attempt. `hole`: the person cannot be reached this way."""

    delivered: bool
    error: str = ""
    retry: bool = False
    hole: str = ""


DELIVERED = Outcome(True)


class Channel(Protocol):
    """What the dispatcher asks of a channel."""

    name: str

    def deliver(self, messages: Sequence[Message], *, now: datetime) -> list[Outcome]:
        """Deliver; one outcome per message, in order. Raises nothing that concerns a single message."""
        ...
