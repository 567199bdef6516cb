"""Cases and their figures as the shared tables, steps and lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.policy import allows
from accounts.scoping import Viewer
from contracts.attribute_words import attribute_words
from engine.money import LARGEST_AMOUNT
from penalties import rules
from penalties.outcomes import Outcome
from penalties.outcomes import Row as OutcomeRow
from penalties.selectors import CasePage, QueuedCase
from penalties.selectors.sheet import IMAGINED
from web.components import Cell, Column, ProcessStep, Row, Table, Tone
from web.templatetags.ui import money_text

TONES: dict[str, Tone] = {
    "clue": "",
    "established": "info",
    "proposed": "info",
    "approved": "info",
    "notified": "warn",
    "objected": "warn",
    "decided": "warn",
    "frozen": "warn",
    "agreed": "ok",
    "settled": "ok",
    "closed": "ok",
    "withdrawn": "",
    "waived": "",
}
STAGE_TONES: dict[str, Tone] = {"clue": "", "undecided": "warn", "candidate": "info", "heaviest": "ok", "displaced": ""}


def stage_text(stage: str) -> str:
    """What became of a row, in words."""
    return {
        "clue": _("Clue: facts are missing"),
        "undecided": _("Applies, amount open"),
        "candidate": _("Applies"),
        "heaviest": _("Heaviest: counts"),
        "displaced": _("Displaced by a heavier one"),
    }[stage]


def amount_text(case: Any, currency: str) -> str:
    """The fixed amount, or the range while something is open."""
    if case.amount is not None:
        return money_text(case.amount, currency)
    return range_text(case.low, case.high, currency)


def range_text(low: Decimal | None, high: Decimal | None, currency: str) -> str:
    """Both bounds, one where they are equal, a dash where there is none."""
    if low is None and high is None:
        return "—"
    if low == high:
        return money_text(low, currency)
    return f"{money_text(low, currency)} – {money_text(high, currency)}"


def moved_text(case: Any, currency: str) -> str:
    """What facts that moved after the amount was fixed make of it; empty while they bear it out."""
    if case.moved_at is None:
        return ""
    return _("by the facts now known %(now)s") % {"now": range_text(case.moved_low, case.moved_high, currency)}


def days_text(case: Any, today: date) -> str:
    """The countdown for objections."""
    if case.state != "notified":
        return ""
    if case.object_by is None:
        return _("not delivered yet")
    left = (case.object_by - today).days
    if left < 0:
        return _("period over")
    return _("%(days)s days left") % {"days": left}


def deadline_text(queued: QueuedCase, today: date) -> str:
    """What the next deadline of a case is for."""
    case, day = queued.case, queued.next_on
    if day is None:
        return ""
    if day == queued.told_on:
        if case.object_by is None or case.object_by == day:
            return days_text(case, today)
        return _("to be recorded as final")
    return _("claim to be paid") if day == queued.claim_on else _("claim to be delivered")


def cases_table(rows: Sequence[QueuedCase], *, today: date, route: str, with_contract: bool = True) -> Table:
    """The docket, the nearest deadline first; `route` is the page of one case."""
    return Table(
        _("Cases"),
        (
            Column(_("What for"), "main"),
            Column(_("Clause")),
            Column(_("State")),
            Column(_("Amount"), "num"),
            Column(_("Next deadline"), "date"),
            Column("", "action"),
        ),
        tuple(
            Row(
                (
                    Cell(
                        row.title,
                        url=reverse(route, args=[row.pk]),
                        sub=" · ".join(
                            text
                            for text in (
                                row.number,
                                row.contract.title if with_contract else "",
                                row.happened_on.isoformat() if row.happened_on else "",
                            )
                            if text
                        ),
                    ),
                    Cell(clause=row.clause),
                    Cell(str(row.get_state_display()), chip=True, tone=TONES[row.state]),
                    Cell(amount_text(row, row.contract.currency), sub=moved_text(row, row.contract.currency)),
                    Cell(
                        queued.next_on.isoformat() if queued.next_on else "",
                        sub=deadline_text(queued, today),
                        tone="bad" if queued.next_on is not None and queued.next_on < today else "",
                    ),
                    Cell(_("View"), url=reverse(route, args=[row.pk])),
                ),
                faded=row.state in ("waived", "withdrawn"),
            )
            for queued in rows
            for row in (queued.case,)
        ),
        _("No case here."),
    )


STEPS = (
    ("clue", "established"),
    ("proposed",),
    ("approved",),
    ("notified", "objected", "decided", "frozen"),
    ("agreed",),
    ("settled",),
    ("closed",),
)


def steps(case: Any) -> tuple[ProcessStep, ...]:
    """The way of a penalty; a case given up stops where it was."""
    words = (_("Facts"), _("Proposed"), _("Approved"), _("Notice and talks"), _("Agreed"), _("Settled"), _("Closed"))
    notes = (
        case.established_at,
        case.proposed_at,
        case.approved_at,
        case.issued_at,
        case.agreed_at,
        None,
        case.closed_at if case.state == "closed" else None,
    )
    if case.state in ("waived", "withdrawn"):
        at = sum(note is not None for note in notes[:5])
    else:
        at = next(index for index, states in enumerate(STEPS) if case.state in states)
    return tuple(
        ProcessStep(
            word,
            "done" if index < at or case.state == "closed" else "current" if index == at else "todo",
            localtime(note).date().isoformat() if note is not None else "",
        )
        for index, (word, note) in enumerate(zip(words, notes, strict=True))
    )


def rows_table(rows: Sequence[OutcomeRow], currency: str, definition: Any) -> Table:
    """Every row that could apply: what became of it, what it would come to, what it waits for or gave way to."""
    return Table(
        _("Rows that could apply"),
        (
            Column(_("Row"), "main"),
            Column(_("Clause")),
            Column(_("Result")),
            Column(_("Amount"), "num"),
            Column(_("Why")),
        ),
        tuple(
            Row(
                (
                    Cell(row.title, sub=key_words(definition, row.key.values())),
                    Cell(clause=row.clause),
                    Cell(stage_text(row.stage), chip=True, tone=STAGE_TONES[row.stage]),
                    Cell(range_text(row.low, row.high, row.unit or currency)),
                    Cell(why_text(row, definition)),
                ),
                strong=row.stage == "heaviest",
                faded=row.stage == "displaced",
            )
            for row in rows
        ),
        _("No row of the contract's tables comes near."),
    )


def outcomes_table(shown: Sequence[Mapping[str, Any]]) -> Table:
    """A sheet at a glance, each line leading to its card; `shown` as the sheet's page has it."""
    return Table(
        _("What follows"),
        (
            Column(_("What for"), "main"),
            Column(_("Clause")),
            Column(_("Result")),
            Column(_("Amount"), "num"),
            Column(_("Case")),
        ),
        tuple(
            Row(
                (
                    Cell(item["outcome"].title, url=f"#{item['anchor']}", sub=item["about"]),
                    Cell(clause=item["outcome"].clause),
                    Cell(outcome_text(item["outcome"]), chip=True, tone="info" if item["outcome"].standing else ""),
                    Cell(item["range"]),
                    _case_cell(item["case"]),
                ),
                strong=item["outcome"].standing,
            )
            for item in shown
        ),
    )


def _case_cell(case: Any) -> Cell:
    if case is None:
        return Cell()
    return Cell(case.number, url=reverse("web:penalty", args=[case.pk]), sub=str(case.get_state_display()))


def outcome_text(outcome: Outcome) -> str:
    """How far a claim is: it stands, it stands and a person must still choose, or facts are missing."""
    if not outcome.standing:
        return stage_text("clue")
    return stage_text("candidate" if outcome.amount is not None and not outcome.decision else "undecided")


def why_text(row: OutcomeRow, definition: Any) -> str:
    """Why a row counts for less: what bars it, or what is missing."""
    if row.barred_by:
        return _("Gives way to %(rows)s") % {"rows": "、".join(row_words(definition, label) for label in row.barred_by)}
    if row.missing:
        names = dict.fromkeys(fact_words(definition, name) for name in row.missing)
        return _("Missing: %(names)s") % {"names": "、".join(names)}
    return ""


def fact_words(definition: Any, name: str) -> str:
    """What a missing fact, reading or hole is called: "reading.x", "hole:table.x", "series.x.2025-10.s1",
    "incident:i1.restored", "rule:a3_1/2025-10/s1.problem_occurred", "system:s1.fee", "event.x"."""
    if definition is None:
        return name
    kind, _dot, rest = name.partition(".")
    tables = {"reading": definition.readings, "series": definition.series, "event": definition.events,
              "measure": definition.measures, "hole:table": definition.tables}  # fmt: skip
    if kind in tables:
        first, _dot, more = rest.partition(".")
        table = tables[kind].get(first)
        title = table.title if table is not None and table.title else first
        parts = " · ".join(_thing(definition, part) for part in more.split(".") if part)
        words = _("no band: %(title)s") % {"title": title} if kind == "hole:table" else title
        return f"{words}（{parts}）" if parts else words
    subject, _dot, attribute = name.rpartition(".")
    of, _colon, thing = subject.partition(":")
    if kind == "interval" and not thing:  # a spell is named by its id alone; an imagined one's ends with its kind
        spell = subject.partition(".")[2]
        found = definition.intervals.get(spell.rpartition(".")[2])
        return f"{attribute_words(attribute)}（{found.title if found is not None else spell}）"
    if not thing:
        return name
    if thing == IMAGINED:
        return attribute_words(attribute)
    about = row_words(definition, thing) if of == "rule" else _thing(definition, thing)
    return f"{attribute_words(attribute)}（{about}）"


def row_words(definition: Any, label: str) -> str:
    """An instance of a rule or pool, "a3_1/2025-10/s1", by its clause or title and what it is about."""
    name, _slash, key = label.partition("/")
    table = definition.rules.get(name) or definition.pools.get(name) if definition is not None else None
    words = (table.clause or table.title) if table is not None else name
    return " · ".join(text for text in (words, key_words(definition, key.split("/"))) if text)


def key_words(definition: Any, parts: Iterable[str]) -> str:
    """What an instance is about: months as written, systems by their titles."""
    return " · ".join(_thing(definition, part) for part in parts if part)


def _thing(definition: Any, code: str) -> str:
    if code == IMAGINED:
        return _("imagined")
    table = definition.systems.get(code) or definition.pools.get(code) if definition is not None else None
    return (table.title if table is not None else "") or code


def blocker_words(definition: Any, names: Sequence[str]) -> list[tuple[str, str]]:
    """What stands in the way of a final amount: words, and the fact a person may record ("" where there is none)."""
    found: dict[str, str] = {}
    for name in names:
        kind, _colon, rest = name.partition(":")
        if name == "minutes":
            found[_("Minutes of the talks: a lighter penalty was displaced")] = ""
        elif name == "amount":
            found[_("One amount: the result is still a range")] = ""
        elif name == "limit":
            said = _("The computed amount is above %(limit)s, the most that is kept: check the facts it rests on")
            found[said % {"limit": f"{LARGEST_AMOUNT:,}"}] = ""
        elif kind == "reading" or name.startswith("reading."):
            title = fact_words(definition, f"reading.{rest or name.removeprefix('reading.')}")
            found[_("A reading has to be chosen: %(name)s") % {"name": title}] = ""
        else:
            fact = rest if kind == "fact" else name
            subject = fact.rpartition(".")[0].partition(":")
            recordable = bool(subject[2]) and subject[0] not in ("hole", "system")
            found[_("A finding is open: %(name)s") % {"name": fact_words(definition, fact)}] = (
                fact if recordable else ""
            )
    return list(found.items())


def _acts() -> tuple[tuple[str, str, str, str, bool], ...]:
    """Act of the table of moves, address, action of the policy, word, whether it is the main thing to do."""
    return (
        ("establish", "web:penalty_establish", "penalty.establish", _("Establish the facts"), True),
        ("propose", "web:penalty_propose", "penalty.propose", _("Propose"), True),
        ("cancel", "web:penalty_cancel", "penalty.propose", _("Take back"), False),
        ("approve", "web:penalty_approve", "penalty.approve", _("Decide the proposal"), True),
        ("notify", "web:penalty_notify", "penalty.notify", _("Record the notice"), True),
        ("uphold", "web:penalty_decide", "penalty.decide", _("Decide the objection"), True),
        ("agree", "web:penalty_agree", "penalty.agree", _("Record that it is final"), False),
        ("freeze", "web:penalty_freeze", "penalty.freeze", _("Freeze in dispute"), False),
        ("close", "web:penalty_close", "penalty.settle", _("Close"), True),
        ("waive", "web:penalty_waive", "penalty.waive", _("Waive"), False),
    )


def act_links(found: CasePage, viewer: Viewer) -> list[tuple[str, str, bool]]:
    """What this reader may do with the case now: address, word, whether it is the main thing."""
    case = found.case
    possible = rules.acts_in(case.state)
    links = [
        (reverse(route, args=[case.pk]), word, main)
        for act, route, action, word, main in _acts()
        if act in possible and allows(viewer, action) and not _own(act, case, viewer)
    ]
    if case.state == "notified" and case.received_on is None and allows(viewer, "penalty.notify"):
        links.insert(0, (reverse("web:penalty_delivery", args=[case.pk]), _("Record the delivery"), True))
    planned = next((each for each in found.settlements if each.state == "planned"), None)
    if case.state == "agreed" and planned is None and allows(viewer, "penalty.settle"):
        links.insert(0, (reverse("web:penalty_settle", args=[case.pk]), _("Plan the settlement"), True))
    if planned is not None and allows(viewer, "penalty.settle.approve"):
        links.insert(0, (reverse("web:settlement_decide", args=[planned.pk]), _("Decide the settlement"), True))
    waiting = next((each for each in found.adjustments if each.state == "proposed"), None)
    if case.state in ("settled", "closed") and waiting is None and allows(viewer, "penalty.adjust"):
        links.append((reverse("web:penalty_adjust", args=[case.pk]), _("Adjust"), False))
    if waiting is not None and allows(viewer, "penalty.adjust.approve"):
        links.insert(0, (reverse("web:adjustment_decide", args=[waiting.pk]), _("Decide the adjustment"), True))
    talking = case.state not in (*rules.FINAL, "settled")
    if talking and allows(viewer, "penalty.write"):
        links.append((reverse("web:penalty_statement", args=[case.pk]), _("Answer or note"), False))
        if case.state != "clue" and not case.has_minutes:
            links.append((reverse("web:penalty_minutes", args=[case.pk]), _("File the minutes"), False))
    return links


def _own(act: str, case: Any, viewer: Viewer) -> bool:
    """What this very person may not do because of an earlier act."""
    if act in ("approve", "waive"):
        return case.proposed_by_id == viewer.user_id
    return act == "uphold" and case.approved_by_id == viewer.user_id
