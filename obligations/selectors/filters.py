"""Filters of obligation lists, as SQL over the stored columns and as a test of a row: the same answer twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import F, Q

from contracts.selectors.calendars import end_of_day
from obligations.rules import StatusCode
from obligations.selectors.rows import ObligationRow

DATED = Q(due_state="known", gate_open=True)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; "" means any. `status` is a status code, or "owed" for everything still open;
    `side` buyer, vendor or third ("both" counts for either); `clause` matches the start of one of the clauses."""

    side: str = ""
    status: str = ""
    lane: str = ""
    kind: str = ""
    tracking: str = ""
    group: str = ""
    clause: str = ""
    duty: str = ""
    text: str = ""

    def query(self, as_of: date, zone: str) -> Q:
        """The filter over the columns."""
        found = Q()
        for name in ("lane", "kind", "tracking", "group", "duty"):
            if value := getattr(self, name):
                found &= Q(**{name: value})
        if self.side:
            found &= Q(obligor=self.side) if self.side == "third" else Q(obligor__in=(self.side, "both"))
        if self.clause:
            found &= Q(clause__startswith=self.clause) | Q(clause__contains=f"；{self.clause}")
        if self.status:
            found &= status_query(self.status, as_of, zone)
        for word in self.text.split():
            found &= (
                Q(title__icontains=word)
                | Q(ref__icontains=word)
                | Q(clause__icontains=word)
                | Q(key_text__icontains=word)
                | Q(duty__icontains=word)
                | Q(obligor_name__icontains=word)
            )
        return found

    def matches(self, row: ObligationRow) -> bool:
        """The same over a row."""
        for name in ("lane", "kind", "tracking", "group", "duty"):
            if getattr(self, name) and getattr(row, name) != getattr(self, name):
                return False
        if self.side and row.obligor != self.side and (self.side == "third" or row.obligor != "both"):
            return False
        if self.clause and not (row.clause.startswith(self.clause) or f"；{self.clause}" in row.clause):
            return False
        owed = row.state in ("open", "submitted")
        if self.status and not (owed if self.status == "owed" else row.status == self.status):
            return False
        texts = (row.title, row.ref, row.clause, row.key_text, row.duty, row.obligor_name)
        return all(any(word.lower() in text.lower() for text in texts) for word in self.text.split())


def status_query(status: StatusCode | str, as_of: date, zone: str) -> Q:
    """The rows that `rules.status_of` gives this status at the end of `as_of` in the zone."""
    end = end_of_day(as_of, zone)
    open_, contractual = Q(state="open"), Q(kind="contractual")
    # "Past" needs the moment before the day's end and the day not after as-of; an instant may lie inside the day.
    past = Q(due_at__lt=end, gate_late=False)
    exceeded = (
        Q(due_state="known", gate_late=False, kind="contractual")
        & (Q(done_on__gt=F("due_on")) | Q(done_on=F("due_on"), done_at__gt=F("due_at")))
    )  # fmt: skip
    table = {
        "owed": Q(state__in=("open", "submitted")),
        "pending": open_ & Q(due_state="pending"),
        "waiting": open_ & Q(due_state__in=("known", "provisional"), gate_open=False),
        "provisional": open_ & Q(due_state="provisional", gate_open=True),
        "late": open_ & DATED & past & contractual,
        "target_missed": open_ & DATED & past & ~contractual,
        "due_today": open_ & DATED & Q(due_on=as_of, due_at__gte=end, gate_late=False),
        "open": open_ & DATED & (Q(due_on__gt=as_of) | Q(gate_late=True)),
        "in_review": Q(state="submitted"),
        "met": Q(state="done") & ~exceeded,
        "met_late": Q(state="done") & exceeded,
        "waived": Q(state="waived"),
        "closed": Q(state="closed"),
        "standing": Q(state="standing"),
        "not_applicable": open_ & Q(due_state="never"),
    }
    return table.get(status, Q(pk__in=()))
