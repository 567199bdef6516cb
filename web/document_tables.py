"""Issued documents on pages: their list, and the panel of the papers about one thing with buttons that issue them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.policy import allows
from accounts.scoping import Viewer
from documents.selectors import documents_about, kind_label
from web.components import Cell, Column, Row, Table


@dataclass(frozen=True)
class Paper:
    """One kind of paper about one thing: its kind, the key of the thing, and whether it can be issued now."""

    kind: str
    key: int
    open: bool = True


@dataclass(frozen=True)
class IssueButton:
    url: str
    label: str


@dataclass(frozen=True)
class DocumentPanel:
    """`buttons` is empty for people who issue nothing; posting one comes back to the address in `back`."""

    table: Table
    buttons: tuple[IssueButton, ...]
    back: str


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


def document_panel(papers: Sequence[Paper], *, viewer: Viewer, back: str, today: bool = True) -> DocumentPanel:
    """The documents about these things, newest first, and what may be issued on a page that shows today. One query."""
    found = documents_about([(paper.kind, paper.key) for paper in papers], viewer=viewer)
    buttons = tuple(
        IssueButton(reverse("web:document_issue_of", args=[paper.kind, paper.key]), kind_label(paper.kind))
        for paper in papers
        if paper.open and today and allows(viewer, "document.issue")
    )
    return DocumentPanel(documents_table(found, viewer=viewer), buttons, back)
