"""Securities as the shared tables and lists."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import allows
from accounts.scoping import Viewer
from billing.rules_guarantee import Clock
from billing.selectors.guarantee import SecurityPage, instrument_actions
from billing.selectors.guarantee_fees import LateFees
from billing.selectors.guarantee_list import SecurityRow
from billing.sentences_guarantee import check_text, form_text, life, stage_text, step_text, why_text
from web.components import Cell, Column, Condition, Kpi, ProcessStep, Row, Table, Tone
from web.templatetags.ui import money_text

STAGE_TONES: dict[str, Tone] = {
    "due": "warn",
    "handed_in": "info",
    "in_force": "ok",
    "renewal": "warn",
    "ended": "bad",
    "claim": "info",
    "refund": "warn",
    "returned": "",
}
INSTRUMENT_TONES: dict[str, Tone] = {"submitted": "info", "accepted": "ok", "refused": "warn"}
CLAIM_TONES: dict[str, Tone] = {
    "proposed": "info",
    "approved": "info",
    "delivered": "info",
    "paid": "ok",
    "refused": "warn",
    "withdrawn": "",
    "rejected": "",
}
# Which address proposes a change of an instrument.
CHANGES = ("cash", "release", "counter")


def conditions(page: SecurityPage) -> tuple[Condition, ...]:
    """The checks as a task list: what is the case, and who does what next."""
    currency = page.contract.currency
    return tuple(
        Condition(check_text(line, currency), line.state, step_text(line), line.clause) for line in page.checks
    )


def steps(page: SecurityPage) -> tuple[ProcessStep, ...]:
    """The life of the security."""
    return tuple(ProcessStep(label, state) for label, state in life(page.stage))  # type: ignore[arg-type]


def kpis(page: SecurityPage) -> tuple[Kpi, ...]:
    """State, days to the end, what is asked for, what is left, and what lies open."""
    currency = page.contract.currency
    left = page.days_left
    short = page.terms.amount is not None and page.covered < page.terms.amount and page.stage not in ("returned", "due")
    running = (clock for clock in page.clocks if clock.open_ and clock.done_on is None and clock.on)
    nearest = min(running, key=_by_day, default=None)
    return (
        Kpi(
            _("Days to its end"),
            "—" if left is None else str(left),
            note=page.ends.isoformat() if page.ends else _("no end of its own"),
            tone="bad" if left is not None and left < 0 and page.stage == "ended" else "",
            icon="hourglass",
        ),
        Kpi(
            _("Asked for"),
            money_text(page.terms.amount, currency),
            note=_("until %(day)s") % {"day": page.terms.valid_until.isoformat()} if page.terms.valid_until else "",
            icon="shield-check",
        ),
        Kpi(
            _("Can be claimed on"),
            money_text(page.covered, currency),
            tone="warn" if short else "",
            note=_("ledger: %(amount)s") % {"amount": money_text(page.balance, currency)},
            icon="coin",
        ),
        Kpi(_("Claims under way"), str(page.open_claims), icon="gavel"),
        Kpi(
            _("Next day"),
            nearest.on.isoformat() if nearest and nearest.on else "—",
            tone="bad" if nearest and nearest.kind == "contractual" and nearest.late(page.as_of) else "",
            note=nearest.title if nearest else "",
            icon="calendar-due",
        ),
    )


def _by_day(clock: Clock) -> str:
    return clock.on.isoformat() if clock.on else "9999"


def clocks_table(page: SecurityPage, *, query: str) -> Table:
    """The deadlines that run for the security, as the engine gave them: due, and safe under every reading."""
    names = {f"security-{row.pk}": row.number for row in page.instruments}

    def state(clock: Clock) -> Cell:
        if clock.done_on is not None:
            late = clock.on is not None and clock.done_on > clock.on and clock.kind == "contractual"
            return Cell(status="met_late" if late else "met")
        if clock.on is None:
            return Cell(status="pending", sub="、".join(clock.missing))
        if clock.late(page.as_of):
            return Cell(status="late" if clock.kind == "contractual" else "target_missed")
        return Cell(status="provisional" if clock.state == "provisional" else "open")

    def cells(clock: Clock) -> tuple[Cell, ...]:
        address = f"{clock.duty}/{clock.key}".rstrip("/")
        return (
            Cell(
                clock.title,
                url=reverse("web:obligation", args=[page.obligation_ids[address]]) + query,
                sub=names.get(clock.key, clock.key),
            ),
            Cell(clause=clock.clause.split("；")[0]),
            Cell(clock.on.isoformat() if clock.on else ""),
            Cell(clock.safe_on.isoformat() if clock.safe_on else ""),
            Cell(clock.done_on.isoformat() if clock.done_on else ""),
            state(clock),
        )

    return Table(
        _("Days that run"),
        (
            Column(_("What"), "main"),
            Column(_("Clause")),
            Column(_("Due"), "date"),
            Column(_("Safe"), "date"),
            Column(_("Done"), "date"),
            Column(_("State"), "status"),
        ),
        tuple(Row(cells(clock), strong=clock.late(page.as_of)) for clock in page.clocks),
        _("No day runs for this security"),
    )


def instruments_table(page: SecurityPage, *, viewer: Viewer, may_act: bool) -> Table:
    """What was handed in, newest first, each with the one thing this reader can do."""

    def action(pk: int, may: frozenset[str]) -> Cell:
        if "decide" in may:
            return Cell(_("Decide"), url=reverse("web:instrument_decide", args=[pk]))
        for kind, word in (("cash", _("Cash")), ("release", _("Give back"))):
            if kind in may:
                return Cell(word, url=reverse("web:security_change", args=[pk, kind]))
        if "claim" in may:
            return Cell(_("Claim"), url=reverse("web:security_claim_add", args=[pk]))
        return Cell()

    rows = []
    for one in page.instruments:
        may = instrument_actions(page, one, viewer=viewer) if may_act else frozenset()
        span = " – ".join(day.isoformat() for day in (one.issued_on, one.expires_on) if day)
        rows.append(
            Row(
                (
                    Cell(
                        one.number,
                        url=reverse("web:file", args=[one.file_id]) if one.file_id else "",
                        icon="download" if one.file_id else "",
                        sub=one.issuer,
                    ),
                    Cell(form_text(one.form), sub=_("branch") if one.by_branch else ""),
                    Cell(money_text(one.amount, page.contract.currency)),
                    Cell(money_text(one.balance, page.contract.currency), sub=_reserved(one, page)),
                    Cell(one.received_on.isoformat(), sub=span),
                    Cell(
                        str(one.get_state_display()),
                        chip=True,
                        tone=INSTRUMENT_TONES[one.state],
                        sub=_("cashed on %(day)s") % {"day": one.cashed_on.isoformat()} if one.cashed_on else "",
                    ),
                    Cell(str(one.decided_by) if one.decided_by else "", sub=one.decision_note),
                    action(one.pk, may),
                ),
                faded=one.state == "refused" or (one.state == "accepted" and one.balance == 0),
            )
        )
    return Table(
        _("Instruments"),
        (
            Column(_("Number"), "main"),
            Column(_("Form of the security")),
            Column(_("Amount"), "num"),
            Column(_("Left"), "num"),
            Column(_("Handed in"), "date"),
            Column(_("State")),
            Column(_("Decided by")),
            Column("", "action"),
        ),
        tuple(rows),
        _("Nothing has been handed in yet"),
    )


def _reserved(one: Any, page: SecurityPage) -> str:
    reserved: Decimal = one.reserved
    return _("claimed: %(amount)s") % {"amount": money_text(reserved, page.contract.currency)} if reserved else ""


def movements_table(page: SecurityPage) -> Table:
    """The ledger, newest first, with what was left after each entry."""
    left: dict[int, Decimal] = {}
    after: dict[int, Decimal] = {}
    for entry in reversed(page.movements):
        left[entry.instrument_id] = left.get(entry.instrument_id, Decimal(0)) + entry.change
        after[entry.pk] = left[entry.instrument_id]
    return Table(
        _("Ledger"),
        (
            Column(_("Day"), "date"),
            Column(_("Entry"), "main"),
            Column(_("Change"), "num"),
            Column(_("Left"), "num"),
            Column(_("Reference")),
            Column(_("By")),
            Column(_("Approved by")),
        ),
        tuple(
            Row(
                (
                    Cell(entry.on.isoformat()),
                    Cell(str(entry.get_kind_display()), sub=entry.instrument.number),
                    Cell(money_text(entry.change, page.contract.currency), tone="warn" if entry.change < 0 else ""),
                    Cell(money_text(after[entry.pk], page.contract.currency)),
                    Cell(entry.reference),
                    Cell(str(entry.recorded_by)),
                    Cell(str(entry.approved_by)),
                )
            )
            for entry in page.movements
        ),
        _("No entries yet"),
    )


def claims_table(page: SecurityPage) -> Table:
    """Claims, newest first."""
    currency = page.contract.currency

    def day(value: object) -> Cell:
        return Cell(value.isoformat() if value else "")  # type: ignore[attr-defined]

    return Table(
        _("Claims"),
        (
            Column(_("Claim"), "main"),
            Column(_("Clause")),
            Column(_("Amount"), "num"),
            Column(_("Paid"), "num"),
            Column(_("State")),
            Column(_("Delivered"), "date"),
            Column(_("Completed"), "date"),
        ),
        tuple(
            Row(
                (
                    Cell(
                        claim.number,
                        url=reverse("web:security_claim", args=[claim.pk]),
                        sub=claim.liability.title if claim.liability else claim.instrument.number,
                    ),
                    Cell(clause=claim.clause),
                    Cell(money_text(claim.amount, currency)),
                    Cell(money_text(claim.paid, currency) if claim.paid else ""),
                    Cell(str(claim.get_state_display()), chip=True, tone=CLAIM_TONES[claim.state]),
                    day(claim.delivered_on),
                    day(claim.closed_on),
                ),
                faded=claim.state in ("rejected", "withdrawn"),
            )
            for claim in page.claims
        ),
        _("No claim has been made"),
    )


def orders_table(page: SecurityPage, *, viewer: Viewer, may_act: bool) -> Table:
    """What one person proposed and another decides."""
    may = may_act and allows(viewer, "security.decide")
    return Table(
        _("Proposed changes"),
        (
            Column(_("What"), "main"),
            Column(_("Amount"), "num"),
            Column(_("Day"), "date"),
            Column(_("State")),
            Column(_("Proposed by")),
            Column(_("Decided by")),
            Column("", "action"),
        ),
        tuple(
            Row(
                (
                    Cell(str(order.get_kind_display()), sub=f"{order.instrument.number} · {order.reference}"),
                    Cell(money_text(order.amount, page.contract.currency)),
                    Cell(order.on.isoformat()),
                    Cell(str(order.get_state_display()), chip=True, tone="info" if order.state == "proposed" else ""),
                    Cell(str(order.proposed_by), sub=order.note),
                    Cell(str(order.decided_by) if order.decided_by else "", sub=order.decision_note),
                    Cell(_("Decide"), url=reverse("web:security_order_decide", args=[order.pk]))
                    if may and order.state == "proposed" and order.proposed_by_id != viewer.user_id
                    else Cell(),
                ),
                faded=order.state == "rejected",
            )
            for order in page.orders
        ),
        _("Nothing has been proposed"),
    )


def cover_table(page: SecurityPage) -> Table:
    """The coverage line as numbers."""
    currency = page.contract.currency
    return Table(
        _("Security against exposure"),
        (
            Column(_("From"), "date"),
            Column(_("What changes"), "main"),
            Column(_("Security"), "num"),
            Column(_("Exposure"), "num"),
            Column(_("Not secured"), "num"),
            Column(_("Not paid yet"), "num"),
        ),
        tuple(
            Row(
                (
                    Cell(step.first.isoformat(), sub=_("planned") if step.first > page.as_of else ""),
                    Cell("、".join(why_text(why) for why in step.why)),
                    Cell(money_text(step.security, currency)),
                    Cell(money_text(step.exposure, currency)),
                    Cell(money_text(step.uncovered, currency), tone="warn" if step.uncovered else ""),
                    Cell(money_text(step.withheld, currency)),
                )
            )
            for step in page.cover
        ),
        _("Nothing to show yet"),
    )


def securities_table(rows: Iterable[SecurityRow], *, query: str) -> Table:
    """The securities of all contracts, what presses first."""
    return Table(
        _("Securities"),
        (
            Column(_("Security"), "main"),
            Column(_("State")),
            Column(_("Asked for"), "num"),
            Column(_("Can be claimed on"), "num"),
            Column(_("Ends"), "date"),
            Column(_("Next day"), "date"),
            Column("", "action"),
        ),
        tuple(
            Row(
                (
                    Cell(
                        row.title,
                        url=_page(row) + query,
                        sub=f"{row.contract.number} {row.contract.title}",
                    ),
                    Cell(stage_text(row.stage), chip=True, tone=STAGE_TONES[row.stage]),
                    Cell(money_text(row.required, row.contract.currency)),
                    Cell(money_text(row.covered, row.contract.currency)),
                    Cell(row.ends.isoformat() if row.ends else ""),
                    Cell(
                        row.next_on.isoformat() if row.next_on else "",
                        tone="bad" if row.late else "",
                        sub=row.next_title,
                    ),
                    Cell(_("Decide") if row.waiting else _("View"), url=_page(row) + query),
                ),
                strong=row.late,
                faded=row.stage == "returned",
            )
            for row in rows
        ),
        _("No contract here asks for a security"),
    )


def _page(row: SecurityRow) -> str:
    return reverse("web:security", args=[row.contract.pk, row.code])


def fees_table(found: LateFees, *, currency: str, names: dict[str, str]) -> Table:
    """What a late renewal costs under each reading."""
    standings = {"chosen": _("chosen"), "default": _("holds until chosen"), "open": _("another reading")}
    return Table(
        found.rule,
        (
            Column(_("Instrument"), "main"),
            Column(_("Reading")),
            Column(_("Clause")),
            Column(_("Amount"), "num"),
            Column(_("State")),
        ),
        tuple(
            Row(
                (
                    Cell(names.get(fee.key, fee.key)),
                    Cell("；".join(f"{title}：{text}" for title, text in one.readings) or _("the only one")),
                    Cell(clause=fee.clause),
                    Cell(money_text(one.amount, currency)),
                    Cell(standings[one.standing], chip=True, tone="ok" if one.standing == "chosen" else "warn"),
                )
            )
            for fee in found.fees
            for one in fee.readings
        ),
        _("No renewal is late"),
    )
