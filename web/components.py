"""What the shared page components take: frozen values, already scoped and already in the reader's language.

Views fill them; ``web/templatetags/ui.py`` and ``templates/components/`` draw them. Nothing here reads a
clock, a database or a request, so every component can be drawn at any date. Texts are final (translated by
the view); amounts are ``Decimal`` in the currency's major unit and already rounded; dates are in the
contract's zone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from django.utils.translation import gettext as _

from obligations.words import GROUPS

Tone = Literal["", "ok", "warn", "bad", "info"]
"""Colour of a text or chip. ``bad`` (red) is for overdue or breach alone."""

BandKind = Literal["info", "neutral", "ok", "bad", "running", "empty"]
DayKind = Literal["workday", "weekend", "holiday", "makeup", "uncovered"]
"""What the calendar says of a day; ``uncovered`` = after the published schedule ends, hence an estimate."""


@dataclass(frozen=True)
class Kpi:
    """One figure of the strip on top of a page. ``value`` and ``unit`` are display text; the whole tile is
    a link when ``url`` is set. ``note`` is one short line below, coloured by ``tone``, led by ``icon``."""

    label: str
    value: str
    unit: str = ""
    note: str = ""
    tone: Tone = ""
    icon: str = ""
    url: str = ""


@dataclass(frozen=True)
class TimelineMark:
    """One dated point in a lane. ``title`` is the full text (tooltip and table), ``label`` the few characters
    drawn beside the mark; the label is left out where it would run into the next mark."""

    on: date
    kind: Literal["done", "soon", "late", "next"]
    title: str
    label: str = ""
    url: str = ""


@dataclass(frozen=True)
class TimelineBand:
    """A stretch of days in a lane, both ends included. ``running`` is dashed: the period has not ended
    yet."""

    first: date
    last: date
    kind: BandKind
    title: str
    label: str = ""
    url: str = ""


@dataclass(frozen=True)
class TimelineLane:
    """One row of the timeline; ``name`` at most about five Chinese characters."""

    name: str
    marks: tuple[TimelineMark, ...] = ()
    bands: tuple[TimelineBand, ...] = ()


@dataclass(frozen=True)
class YearTimeline:
    """Lanes over ``months`` months from ``first`` (the first of a month). ``today`` is the day the page is
    shown at; outside the range no line is drawn. ``summary`` is the sentence a screen reader hears before
    the table."""

    title: str
    first: date
    today: date
    lanes: tuple[TimelineLane, ...]
    summary: str = ""
    months: int = 12


@dataclass(frozen=True)
class StripDay:
    """One day between a deadline's anchor and its due day.

    ``ordinal`` is the count the day carries (1, 2, …), None when it is not counted. ``name`` is the
    holiday's name. ``anchor`` = the event's own day, ``due`` = the last day to act, ``safe`` = the earlier
    day that is right under every reading.
    """

    on: date
    kind: DayKind = "workday"
    ordinal: int | None = None
    name: str = ""
    anchor: bool = False
    due: bool = False
    safe: bool = False


@dataclass(frozen=True)
class DayStrip:
    """An explained deadline as consecutive days, anchor to due. ``sentences`` are the derivation steps in
    words; ``provisional`` says that the result may still move when a holiday schedule is published."""

    title: str
    days: tuple[StripDay, ...]
    sentences: tuple[str, ...] = ()
    provisional: bool = False


@dataclass(frozen=True)
class WaterfallLine:
    """One line of a settlement: negative amounts are deductions; a ``total`` line is ruled above and bold."""

    label: str
    amount: Decimal
    clause: str = ""
    clause_url: str = ""
    note: str = ""
    total: bool = False


@dataclass(frozen=True)
class ObligationRow:
    """One obligation in a list. ``status`` as in ``{% status_chip %}``; ``due`` None = no date yet
    (``due_text`` says what is missing). ``ours`` colours the party chip. ``context`` is a small second line
    (contract, period). ``evidence`` = (done, of), None = no evidence asked. ``action`` is the row's one
    verb."""

    status: str
    title: str
    url: str
    party: str
    ours: bool = False
    clause: str = ""
    clause_url: str = ""
    due: date | datetime | None = None
    due_text: str = ""
    estimate: bool = False
    evidence: tuple[int, int] | None = None
    amount: Decimal | None = None
    currency: str = "CNY"
    amount_note: str = ""
    amount_tone: Tone = ""
    context: str = ""
    context_url: str = ""
    action: str = ""
    action_url: str = ""

    @property
    def action_label(self) -> str:
        """The verb with what it acts on, for a reader who hears the link alone."""
        return _("%(action)s: %(title)s") % {"action": self.action, "title": self.title}


@dataclass(frozen=True)
class ObligationGroup:
    """Rows under one heading (Overdue, Today, Within 7 days …). ``total`` when more exist than are shown."""

    label: str
    rows: tuple[ObligationRow, ...]
    tone: Tone = ""
    total: int | None = None


# Red belongs to what is late.
GROUP_TONES: dict[str, Tone] = {"overdue": "bad", "missed": "warn", "today": "warn", "week": "warn"}


def obligation_groups(rows: Iterable[tuple[Any, ObligationRow]]) -> tuple[ObligationGroup, ...]:
    """Rows under their urgency, in order of urgency, from obligations of a read model with the row each is shown as; a
    group without rows is left out."""
    found: dict[str, list[ObligationRow]] = {name: [] for name in GROUPS}
    for read, shown in rows:
        found["missed" if read.status == "target_missed" else read.urgency].append(shown)
    return tuple(
        ObligationGroup(str(GROUPS[name]), tuple(members), GROUP_TONES.get(name, ""))
        for name, members in found.items()
        if members
    )


@dataclass(frozen=True)
class Column:
    """A column of a list table. ``kind``: ``num`` is right-aligned and tabular, ``date`` never wraps,
    ``action`` is the last column; ``main`` is the one that takes the free width and becomes the card's
    title on a phone."""

    label: str
    kind: Literal["text", "main", "num", "date", "status", "action"] = "text"


@dataclass(frozen=True)
class Cell:
    """A table cell. ``text`` empty draws a dash. ``status`` draws a status chip instead of text; ``clause``
    a clause chip (linking to ``url``); ``amount`` money in ``currency``; ``chip`` puts ``text`` in a chip; ``sub`` is a
    small second line."""

    text: str = ""
    url: str = ""
    tone: Tone = ""
    icon: str = ""
    sub: str = ""
    status: str = ""
    clause: str = ""
    chip: bool = False
    amount: Decimal | None = None
    currency: str = "CNY"


@dataclass(frozen=True)
class Row:
    """A table row; ``strong`` sets the main cell bold (something is overdue), ``faded`` greys it
    (superseded)."""

    cells: tuple[Cell, ...]
    strong: bool = False
    faded: bool = False


@dataclass(frozen=True)
class Table:
    """A list table that becomes cards on a phone. ``label`` names it for assistive technology; every row
    has as many cells as there are columns. ``empty`` is said when there is no row."""

    label: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    empty: str = ""

    def __post_init__(self) -> None:
        if any(len(row.cells) != len(self.columns) for row in self.rows):
            raise ValueError(f"Table {self.label!r}: every row needs {len(self.columns)} cells")


@dataclass(frozen=True)
class KeysetPage:
    """Links of a keyset-paged list, newest first. An empty url = there is nothing in that direction."""

    newer_url: str = ""
    older_url: str = ""
    shown: int = 0
    total: int | None = None


@dataclass(frozen=True)
class FilterOption:
    """One choice of a filter; a plain link, so that a filtered list has an address."""

    label: str
    url: str
    current: bool = False
    count: int | None = None


@dataclass(frozen=True)
class FilterGroup:
    """Choices of which one is current, drawn as a segmented control."""

    label: str
    options: tuple[FilterOption, ...]


@dataclass(frozen=True)
class Tab:
    """A section of a page (contract overview, obligations …); ``hot`` colours the count red."""

    label: str
    url: str
    current: bool = False
    count: str = ""
    hot: bool = False


@dataclass(frozen=True)
class ProcessStep:
    """A step of a process bar: done, current or todo, with a small note (who, when)."""

    label: str
    state: Literal["done", "current", "todo"]
    note: str = ""


@dataclass(frozen=True)
class Condition:
    """A line of a checklist (payment gate, acceptance): met, waiting (somebody must act) or failed."""

    text: str
    state: Literal["met", "waiting", "failed"]
    note: str = ""
    clause: str = ""
    clause_url: str = ""


@dataclass(frozen=True)
class Activity:
    """An entry of the activity list: what, and a small line saying who and when."""

    text: str
    note: str = ""
    url: str = ""
    tone: Tone = ""


@dataclass(frozen=True)
class NavItem:
    """A link of the side navigation. ``badge`` 0 draws nothing; ``hot`` = something in it is overdue."""

    url: str
    icon: str
    label: str
    badge: int = 0
    hot: bool = False
    current: bool = False


@dataclass(frozen=True)
class NavGroup:
    """Navigation links under one heading; an empty label draws no heading."""

    items: tuple[NavItem, ...]
    label: str = ""


@dataclass(frozen=True)
class MenuLink:
    """An extra entry of the user menu (people and roles, language-independent pages …)."""

    url: str
    label: str
    icon: str = ""


@dataclass(frozen=True)
class Shell:
    """What ``templates/web/base.html`` takes as ``shell``; that file says how each value is shown.

    ``theme`` is the value of the cookie of that name ("" = none yet); ``lang`` the active language code;
    ``as_of`` the day the page is shown at and ``is_today`` whether that is the contract zone's today.
    """

    as_of: date
    is_today: bool
    lang: str
    theme: str = ""
    nav_groups: Sequence[NavGroup] = field(default_factory=tuple)
    unread: int = 0
    unread_url: str = ""
    user_label: str = ""
    party_label: str = ""
    search_url: str = ""
    home_url: str = "/"
    user_links: Sequence[MenuLink] = field(default_factory=tuple)
    demo: bool = False
    known_on: date | None = None
