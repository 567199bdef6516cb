"""Refusals of bad input: a sentence for the person that says what to do next. Doors answer 422 with it."""

from __future__ import annotations


class Refused(ValueError):
    """The input cannot be taken. `message` is translated; `field` names the form field it concerns, if any."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = str(message)
        self.field = field
