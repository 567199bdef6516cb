"""Issued penalties as the shared table."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.penalties import Line
from web.components import Cell, Column, Row, Table, Tone

TONES: dict[str, Tone] = {
    "notified": "warn",
    "objected": "info",
    "decided": "warn",
    "frozen": "warn",
    "agreed": "info",
    "settled": "ok",
    "closed": "ok",
}


def left_text(line: Line) -> str:
    """The countdown for objections."""
    if line.state != "notified":
        return ""
    if line.days_left is None:
        return _("not delivered yet")
    if line.days_left < 0:
        return _("period over")
    return _("%(days)s days left to object") % {"days": line.days_left}


def penalties_table(rows: Iterable[Line]) -> Table:
    """What was issued, newest first, with the time left to object."""
    return Table(
        _("Penalties"),
        (
            Column(_("What for"), "main"),
            Column(_("Clause")),
            Column(_("State")),
            Column(_("Amount"), "num"),
            Column(_("Objections until"), "date"),
            Column("", "action"),
        ),
        tuple(
            Row(
                (
                    Cell(
                        row.title,
                        url=reverse("portal:penalty", args=[row.pk]),
                        sub=f"{row.number} · {row.contract}",
                    ),
                    Cell(clause=row.clause),
                    Cell(row.state_text, chip=True, tone=TONES.get(row.state, "")),
                    Cell(amount=row.amount, currency=row.currency),
                    Cell(row.object_by.isoformat() if row.object_by else "", sub=left_text(row)),
                    Cell(_("View"), url=reverse("portal:penalty", args=[row.pk])),
                ),
                faded=row.state in ("withdrawn", "waived"),
            )
            for row in rows
        ),
        _("No penalty has been issued."),
    )
