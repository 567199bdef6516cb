"""What an entry would move, before anybody saves it: the engine asked twice, with and without. Nothing is written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from accounts.policy import require
from accounts.scoping import SYSTEM, Viewer
from contracts.errors import Refused
from contracts.facts import problems_with, records_of
from contracts.models import CalendarYear, Contract, Fact
from contracts.selectors import today_for
from contracts.services.facts import fact_names
from engine.calendars import Calendar
from engine.facts import FactRecord, FactStore
from engine.results import DeadlineResult
from obligations.models import Obligation
from obligations.reckoning import Grounds, done_of, figures_of, grounds_for, reckon
from obligations.rules import Figures, Status, dependants, key_text, status_of


@dataclass(frozen=True, slots=True)
class Outlook:
    """How an instance stands before or after: its date, its status, when it was done."""

    figures: Figures
    status: Status
    done_on: date | None

    def __str__(self) -> str:
        """A word for people: the date, "provisional …", or what is the matter."""
        on = self.figures.due_on
        if self.done_on is not None:
            done = _("done on %(day)s") % {"day": self.done_on}
            return _("due %(due)s, %(done)s") % {"due": on, "done": done} if on is not None else done
        if on is not None and self.figures.due_state == "provisional":
            return _("provisional %(day)s") % {"day": on}
        if on is not None and not self.figures.gate_open:
            return _("%(day)s, condition not met") % {"day": on}
        if on is not None:
            return str(on)
        return _("no date") if self.figures.due_state == "never" else _("pending")


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One instance that would change. `before` None: it would come into being; `after` None: it would go.
    `obligation_id` None: there is no row of it yet."""

    contract_id: int
    contract_number: str
    obligation_id: int | None
    duty: str
    key_text: str
    ref: str
    title: str
    clause: str
    before: Outlook | str
    after: Outlook | str


@dataclass(frozen=True, slots=True)
class ProposedFact:
    """A fact as a form holds it, in the columns of `Fact`; `supersedes` is the entry it would correct."""

    kind: str
    name: str
    subject: str = ""
    key: Mapping[str, str] | None = None
    period: str = ""
    happened_on: date | None = None
    happened_at: datetime | None = None
    ended_on: date | None = None
    ended_at: datetime | None = None
    value: Any = None
    supersedes: Fact | None = None

    def unsaved(self, contract: Contract) -> Fact:
        fields = {name: getattr(self, name) for name in self.__slots__ if name != "key"}
        return Fact(contract=contract, key=dict(self.key or {}), state=Fact.State.PROPOSED, **fields)


def effect_preview(
    contract: Contract, proposed: Collection[ProposedFact | Fact | CalendarYear], *, as_of: date | None = None
) -> list[EffectRow]:
    """What the proposed facts and calendar years together would change, in due order of what they would give.

    Facts may be a form's content or proposed rows. Raises Refused for what the definition does not know, NoDefinition
    without an active version.
    """
    grounds = grounds_for(contract)
    facts = [one.unsaved(contract) if isinstance(one, ProposedFact) else one for one in proposed if not _is_year(one)]
    years = [one for one in proposed if isinstance(one, CalendarYear)]
    names: set[str] = {f"calendar.{year.code}" for year in years}
    for fact in facts:
        assert isinstance(fact, Fact)
        names |= fact_names(fact)
    changed = _with_years(_with_facts(grounds, facts), years)  # type: ignore[arg-type]
    only = dependants(grounds.version.dependencies, names)
    if not only:
        return []
    return effects_between(grounds, changed, day=as_of or today_for(contract), only=only)


def effects_between(before: Grounds, after: Grounds, *, day: date, only: Collection[str]) -> list[EffectRow]:
    """What the duties in `only` come to on `after` instead of `before`, in due order. One statement."""
    contract, definition = before.contract, after.definition
    old_answers, new_answers = _answers(before, day, only), _answers(after, day, only)
    pks = {
        (duty, key): pk
        for pk, duty, key in Obligation.objects.filter(contract=contract, duty__in=only).values_list(
            "pk", "duty", "key_text"
        )
    }
    rows = []
    for address in old_answers.keys() | new_answers.keys():
        old = _outlook(old_answers.get(address), before, day)
        new = _outlook(new_answers.get(address), after, day)
        if old == new:
            continue
        duty = definition.duties.get(address[0]) or before.definition.duties[address[0]]
        rows.append(
            EffectRow(
                contract.pk, contract.number, pks.get(address), *address, duty.ref, duty.title, duty.clause,
                old or _("not yet owed"), new or _("no longer owed"),
            )
        )  # fmt: skip
    return sorted(rows, key=_order)


def event_preview(
    *,
    viewer: Viewer,
    contract: Contract,
    name: str,
    on: date | None = None,
    at: datetime | None = None,
    supersedes: Fact | None = None,
    as_of: date | None = None,
) -> list[EffectRow]:
    """What a one-time event on that day (or at that moment) would move. Raises as `effect_preview`."""
    require(viewer, "fact.propose", contract)
    if on is None and at is None:
        raise Refused(_("Say when it happened."), "happened_on")
    fact = ProposedFact(Fact.Kind.EVENT, name, happened_on=on, happened_at=at, supersedes=supersedes)
    return effect_preview(contract, [fact], as_of=as_of)


def fact_preview(*, viewer: Viewer, fact: Fact, as_of: date | None = None) -> list[EffectRow]:
    """What confirming a proposed fact would move. Raises NotVisible for a stranger."""
    require(viewer, "fact.read", fact)
    return effect_preview(fact.contract, [fact], as_of=as_of)


def calendar_preview(*, viewer: Viewer = SYSTEM, calendar: CalendarYear) -> list[EffectRow]:
    """What approving a proposed calendar year would move, over every contract that counts by it."""
    require(viewer, "calendar.read")
    contracts = Contract.objects.visible_to(viewer).filter(versions__state="active").order_by("pk")
    return [row for contract in contracts for row in effect_preview(contract, [calendar])]


# --- with and without ----------------------------------------------------------------------------------------------


def _is_year(one: object) -> bool:
    return isinstance(one, CalendarYear)


def _with_facts(grounds: Grounds, facts: Iterable[Fact]) -> Grounds:
    zone = ZoneInfo(grounds.contract.zone)
    new: list[FactRecord] = []
    for number, fact in enumerate(facts):
        for record in records_of(fact, zone=zone):
            # An unsaved fact has no id of its own; items keep the one people gave them.
            named = not fact._state.adding or fact.kind == Fact.Kind.ITEM
            new.append(replace(record, id=record.id if named else f"proposed:{number}", recorded=None))
    if not new:
        return grounds
    problems = problems_with(grounds.definition, grounds.facts.records, new)
    if problems:
        raise Refused(" ".join(" ".join(problem.translated(_)) for problem in problems), "value")
    return grounds.with_facts(FactStore([*grounds.facts.records, *new]))


def _with_years(grounds: Grounds, years: Iterable[CalendarYear]) -> Grounds:
    calendars: dict[str, Calendar] = dict(grounds.calendars)
    for year in years:
        if year.code in calendars:
            days = [{date.fromisoformat(day): name for day, name in part} for part in (year.rest, year.work)]
            calendars[year.code] = calendars[year.code].with_year(
                year.year, rest=days[0], work=days[1], names={**days[0], **days[1]}, source=year.source
            )
    return grounds.with_calendars(calendars)


def _answers(grounds: Grounds, day: date, only: Collection[str]) -> dict[tuple[str, str], DeadlineResult]:
    return {(one.id, key_text(one.key)): one for one in reckon(grounds, as_of=day, only=only).deadlines}


def _outlook(result: DeadlineResult | None, grounds: Grounds, day: date) -> Outlook | None:
    if result is None:
        return None
    zone = grounds.definition.contract.zone
    figures, (done_on, done_at) = figures_of(result, zone), done_of(result, zone)
    status = status_of(
        state="done" if done_on is not None else "open", kind=result.kind, figures=figures, done_on=done_on,
        done_at=done_at, as_of=day, zone=zone,
    )  # fmt: skip
    return Outlook(figures, status, done_on)


def _order(row: EffectRow) -> tuple[bool, date, str, str]:
    on = row.after.figures.due_on if isinstance(row.after, Outlook) else None
    return (on is None, on or date.max, row.ref, row.key_text)
