"""Obligations of a selector as rows of the list component and of Excel: words, party chips, the one verb."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from obligations.words import KINDS, SIDES, STATUSES
from web.components import ObligationGroup, ObligationRow, obligation_groups

VERBS = {
    "submit": gettext_lazy("Handle"),
    "review": gettext_lazy("Review"),
    "chase": gettext_lazy("Chase"),
    "view": gettext_lazy("View"),
}


def obligation_url(row: Any, query: str = "") -> str:
    return reverse("web:obligation", args=[row.pk]) + query


def component_row(
    row: Any, *, query: str = "", with_contract: bool = False, clause_url: Callable[[Any], str] | None = None
) -> ObligationRow:
    """One read-model row for the list component; `query` keeps the page's date on its links."""
    url = obligation_url(row, query)
    waits = pgettext("list separator", ", ").join(fact.title or fact.name for fact in row.missing[:2])
    context = row.contract_title if with_contract else ""
    if row.key_text:
        context = f"{row.key_text} · {context}" if context else row.key_text
    if row.kind == "internal":
        context = f"{context} · {_('Internal target')}" if context else _("Internal target")
    return ObligationRow(
        status=row.chip,
        title=row.title,
        url=url,
        party=str(SIDES.get(row.obligor, row.obligor)),
        ours=row.obligor in {"buyer", "both"},
        clause=row.clause.split("；")[0],
        clause_url=clause_url(row) if clause_url else "",
        due=row.due_at if row.is_instant else row.due_on,
        due_text=(_("waits for %(facts)s") % {"facts": waits}) if waits else "",
        estimate=row.is_estimate,
        amount=row.amount,
        currency=row.currency,
        context=context,
        action=str(VERBS[row.verb]),
        action_url=url,
    )


def component_groups(
    rows: Iterable[Any], *, query: str = "", with_contract: bool = False, clause_url: Callable[[Any], str] | None = None
) -> tuple[ObligationGroup, ...]:
    """Rows under their urgency, in order of urgency; a group without rows is left out."""
    return obligation_groups(
        (row, component_row(row, query=query, with_contract=with_contract, clause_url=clause_url)) for row in rows
    )


def excel_heads() -> tuple[str, ...]:
    return (
        _("Ref."), _("Contract"), _("Clause"), _("Obligation"), _("Period"), _("Obligor"), _("Kind"), _("Status"),
        _("Due"), _("Safe day"), _("Days late"), _("Done"), _("Amount at stake"),
    )  # fmt: skip


def excel_row(row: Any) -> tuple[Any, ...]:
    return (
        row.ref, row.contract_number, row.clause, row.title, row.key_text, str(SIDES.get(row.obligor, row.obligor)),
        str(KINDS.get(row.kind, row.kind)), str(STATUSES[row.chip]), row.due_at if row.is_instant else row.due_on,
        row.safe_on, row.delay_days or None, row.done_on, row.amount,
    )  # fmt: skip
