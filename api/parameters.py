"""Query parameters, declared once: read and checked by the views, described in the OpenAPI document."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

LARGEST_ID = 2**63 - 1
_TYPES = {"date": OpenApiTypes.DATE, "number": OpenApiTypes.INT, "choice": OpenApiTypes.STR, "text": OpenApiTypes.STR}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter: `kind` says how its text is read; a choice takes one of `choices`."""

    name: str
    kind: Literal["date", "number", "choice", "text"]
    description: str
    choices: tuple[str, ...] = ()

    def openapi(self) -> OpenApiParameter:
        return OpenApiParameter(
            self.name,
            _TYPES[self.kind],
            OpenApiParameter.QUERY,
            description=self.description,
            enum=self.choices or None,
        )

    def read(self, text: str) -> Any:
        """The value. Raises ParseError (400) with a sentence that shows a right one."""
        text = text.strip()
        if self.kind == "date":
            return self._date(text)
        if self.kind == "number":
            if not (text.isascii() and text.isdigit() and 0 < int(text[:20]) <= LARGEST_ID):
                raise ParseError(
                    _("“%(name)s” must be a positive whole number, for example %(name)s=12.") % {"name": self.name}
                )
            return int(text)
        if self.kind == "choice" and text not in self.choices:
            raise ParseError(
                _("“%(name)s” must be one of: %(choices)s.") % {"name": self.name, "choices": ", ".join(self.choices)}
            )
        return text

    def _date(self, text: str) -> date:
        try:
            if len(text) != 10:
                raise ValueError
            return date.fromisoformat(text)
        except ValueError:
            raise ParseError(
                _("“%(name)s” is not a date. Write it as year-month-day, for example %(name)s=2026-06-30.")
                % {"name": self.name}
            ) from None


CURSOR = Parameter("cursor", "text", "Where to continue: take it from “next” of the page before.")
AS_OF = Parameter("as_of", "date", "Show the state at the end of this day (default: today where the contract runs).")
KNOWN_ON = Parameter("known_on", "date", "Use only what had been recorded by the end of this day.")


def read_parameters(request: Request, declared: Sequence[Parameter]) -> dict[str, Any]:
    """The given parameters by name. An unknown name is refused: a misspelt filter must not return everything."""
    known = {parameter.name: parameter for parameter in declared}
    values: dict[str, Any] = {}
    for name, texts in request.query_params.lists():
        if name not in known:
            raise ParseError(
                _("There is no parameter “%(name)s” here. Known: %(known)s.")
                % {"name": name[:40], "known": ", ".join(known) or "—"}
            )
        if len(texts) > 1:
            raise ParseError(_("Give “%(name)s” only once.") % {"name": name})
        if texts[0].strip():
            values[name] = known[name].read(texts[0])
    return values


def cursor_for(position: int | str) -> str:
    """An opaque cursor for the position after which the next page starts."""
    return base64.urlsafe_b64encode(json.dumps([position]).encode()).decode().rstrip("=")


def cursor_position(cursor: str, kind: type[Any]) -> Any:
    """The position in a cursor made by `cursor_for`; None without a cursor. Raises ParseError for anything else."""
    if not cursor:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(found, list) or len(found) != 1 or type(found[0]) is not kind:
            raise ValueError
        if kind is int and not 0 <= found[0] <= LARGEST_ID:
            raise ValueError
    except (ValueError, UnicodeError, binascii.Error):
        raise ParseError(_("This cursor is not one of ours. Start again without it.")) from None
    return found[0]
