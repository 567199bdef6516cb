"""What is wrong with an expression, where, and what to do: the codes are the keys of `engine.problems`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from datetime import date


class ExpressionError(ValueError):
    """An expression that cannot be read or makes no sense.

    `code` names the problem (see `engine.problems.PROBLEMS`), `params` fill its text, `text` is the expression and
    `column` (1-based) where in it the problem starts.
    """

    def __init__(self, code: str, *, text: str = "", column: int = 1, **params: object) -> None:
        self.code = code
        self.text = text
        self.column = column
        self.params: Mapping[str, object] = params
        super().__init__(f"{code} at column {column} of {text!r}: {params}")


# No contract reaches further, and every calendar can count between them.
FIRST_YEAR, LAST_YEAR = 1000, 9000


def is_far(day: date) -> bool:
    """True for a day no question is about: its neighbours could not be counted."""
    return not FIRST_YEAR <= day.year <= LAST_YEAR


def suggestion(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """The known name closest to a misspelt one, or an empty string; `cutoff` is how alike they must be, up to 1."""
    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=cutoff)
    return close[0] if close else ""
