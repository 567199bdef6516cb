"""The day a page is shown at. `?as_of=2026-06-30` shows any page as of that day, `?known_on=…` as it was known then;
without them it is today in the contract's zone. A date that does not exist falls back to today with a message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class PageDate:
    as_of: date
    known_on: date | None
    today: date

    @property
    def is_today(self) -> bool:
        return self.as_of == self.today and self.known_on is None

    @property
    def query(self) -> str:
        """The query string that keeps this date on links, with its leading "?", or "" for today."""
        if self.is_today:
            return ""
        known = f"&known_on={self.known_on.isoformat()}" if self.known_on else ""
        return f"?as_of={self.as_of.isoformat()}{known}"


def _day(request: HttpRequest, name: str) -> date | None:
    text = request.GET.get(name, "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        messages.error(
            request,
            _("%(text)s is not a date. Write it as year-month-day, for example 2026-06-30.") % {"text": text[:40]},
        )
        return None


def page_date(request: HttpRequest) -> PageDate:
    """The page's date, parsed once per request."""
    found: PageDate | None = getattr(request, "_page_date", None)
    if found is None:
        today = timezone.localdate()
        found = PageDate(_day(request, "as_of") or today, _day(request, "known_on"), today)
        request._page_date = found  # type: ignore[attr-defined]
    return found
