"""The tables about the price and what secures it: their fields and meaning (the schema is described in docs/rules)."""

from __future__ import annotations

from collections.abc import Mapping

from ..language.syntax import And, Call
from . import model as m
from .reader import Reader


def read_line(r: Reader, name: str) -> m.Line:
    """[line.x]: a row of the price list."""
    line = m.Line(
        **r.named(name),
        number=r.whole("number") or 0,
        unit_price=r.decimal("unit_price"),
        quantity=r.decimal("quantity"),
        amount=r.decimal("amount"),
        bundle=r.text("bundle"),
        group=r.text("group"),
    )
    r.finish()
    return line


def read_free_service(r: Reader, name: str) -> m.FreeService:
    """[free_service.x]: a service without a price."""
    service = m.FreeService(**r.named(name), category=r.text("category"))
    r.finish("number")
    return service


def read_deliverable(r: Reader, name: str) -> m.Deliverable:
    """[deliverable.x]: a document the vendor hands in."""
    deliverable = m.Deliverable(
        **r.named(name),
        phase=r.text("phase"),
        recurrence=r.text("recurrence"),
        duty=r.text("duty"),
        basis=r.text("basis"),
        count=r.whole("count"),
    )
    r.finish("number")
    return deliverable


def read_instalment(r: Reader, name: str) -> m.Instalment:
    """[instalment.x]: a part of the price, as an amount, a share or a cumulative share."""
    if "share" in r.data and "cumulative" in r.data:
        r.fail("one_of", names="share, cumulative")
    instalment = m.Instalment(
        **r.named(name, clause=True),
        amount=r.decimal("amount"),
        share=r.decimal("share", percent=True),
        cumulative=r.decimal("cumulative", percent=True),
        factor=r.expression("factor"),
        capitals=r.text("capitals"),
        duty=r.text("duty"),
        invoice=r.text("invoice"),
        acceptance=r.flag("acceptance"),
    )
    r.finish("number")
    return instalment


# What binds a security to the rest of the definition (docs/rules/guarantee.md): the table each field names.
SECURITY_NAMES: Mapping[str, str] = {
    **dict.fromkeys(("submit", "renew", "refund", "cash", "decide"), "duty"),
    **dict.fromkeys(("item", "paper", "draws"), "item"),
    **dict.fromkeys(("claimed", "closed", "accepted"), "event"),
    "late_fee": "rule",
}


def read_security(r: Reader, name: str) -> m.Security:
    """[security.x]: a guarantee, deposit or retention."""
    security = m.Security(
        **r.named(name, clause=True),
        amount=r.decimal("amount"),
        rate=r.decimal("rate", percent=True),
        capitals=r.text("capitals"),
        valid_until=r.day("valid_until"),
        withholding=r.decimal("withholding", percent=True),
        since=r.expression("since"),
        until=r.expression("until"),
        releases=tuple(
            _release(Reader(r.problems, f"{r.table}.releases.{number}", fields, r.clause))
            for number, fields in enumerate(r.tables("releases"), start=1)
        ),
    )
    for field in SECURITY_NAMES:
        r.text(field)
    r.texts("forms")
    r.texts("risks")
    for number, fields in enumerate(r.tables("grounds"), start=1):
        ground = Reader(r.problems, f"{r.table}.grounds.{number}", fields, r.clause)
        ground.text("key", required=True)
        ground.choice("limit", ("liability", "balance"), "liability")
        ground.flag("keeps")
        ground.finish("clause")
    r.finish("kind", "interest")
    return security


def _release(r: Reader) -> m.Release:
    when, at = r.expression("when"), r.expression("at") or r.expression("due")
    if at is not None:
        # released from a day on: once that day has come
        come = Call("happened", (at,), column=at.column)
        when = come if when is None else And((when, come))
    release = m.Release(r.decimal("amount"), r.decimal("share", percent=True), when)
    if (release.amount is None) == (release.share is None):
        r.fail("one_of", names="amount, share")
    r.finish("clause")
    return release


# What a commitment of the service level pages names, and the table each field names.
COMMITMENT_NAMES: Mapping[str, str] = {
    "duty": "duty", "spells": "interval", "window_reading": "reading", "from_reading": "reading",
}  # fmt: skip


def read_commitment(r: Reader, name: str) -> m.Commitment:
    """[commitment.x]: a service level the contract promises."""
    commitment = m.Commitment(
        **r.named(name), measure=r.text("measure"), target=r.text("target"), window=r.text("window")
    )
    for field in COMMITMENT_NAMES:
        r.text(field)
    r.finish("comparison", "from", "to", "only_if", "reduced")
    return commitment


def read_penalty_table(r: Reader, name: str) -> m.PenaltyTable:
    """[penalty_table.x]: a table of penalties as the contract prints it."""
    table = m.PenaltyTable(**r.named(name, clause=True), formula=r.text("formula"), rows=r.tables("rows"))
    r.finish()
    return table
