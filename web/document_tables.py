"""Issued documents as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.policy import allows
from accounts.scoping import Viewer
from web.components import Cell, Column, Row, Table


def documents_table(rows: Iterable[Any], *, viewer: Viewer, with_contract: bool = False) -> Table:
    """Issued documents; one that is replaced or void is grey and says why."""
    may_void = allows(viewer, "document.issue")
    columns = (
        Column(_("Document number"), "main"),
        Column(_("Kind")),
        Column(_("Issued on"), "date"),
        Column(_("Issued by")),
        Column(_("State")),
        Column("SHA-256"),
        Column("", "action"),
    )
    return Table(
        _("Documents"),
        (*columns, Column("", "action")) if may_void else columns,
        tuple(_document(row, with_contract=with_contract, may_void=may_void) for row in rows),
        _("No documents yet"),
    )


def _state(row: Any) -> Cell:
    successor = getattr(row, "replaced_by", None)
    if successor:
        return Cell(_("Replaced"), chip=True, sub=successor.number)
    if row.cancelled:
        return Cell(_("Void"), chip=True, tone="warn", sub=row.cancellation.reason)
    return Cell(_("Valid"), chip=True, tone="ok")


def _document(row: Any, *, with_contract: bool, may_void: bool) -> Row:
    in_force = getattr(row, "replaced_by", None) is None and not row.cancelled
    cells = (
        Cell(
            row.number,
            url=reverse("web:document_pdf", args=[row.pk]),
            icon="file-type-pdf",
            sub=f"{row.contract.number} {row.contract.title}" if with_contract else "",
        ),
        Cell(str(row.get_kind_display())),
        Cell(f"{localtime(row.issued_at):%Y-%m-%d}"),
        Cell(str(row.issued_by)),
        _state(row),
        Cell(row.facts_sha256[:16]),
        Cell(_("Verify"), url=reverse("documents:verify", args=[row.token])),
    )
    void = Cell(_("Declare void"), url=reverse("web:document_cancel", args=[row.pk])) if in_force else Cell()
    return Row((*cells, void) if may_void else cells, faded=not in_force)
