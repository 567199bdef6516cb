"""The journal: reading, Excel, and verifying the chains."""

from __future__ import annotations

import json

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal, selectors
from accounts.policy import access, allows
from accounts.scoping import request_viewer
from documents.excel import excel_response
from web.components import Cell, Column, KeysetPage, Row, Table
from web.journal_words import action_words, field_words, value_words
from web.links import number_parameter, with_query

EXPORT_ROWS = 20_000


@access(GET="journal.read")
def journal_list(request: HttpRequest) -> HttpResponse:
    viewer = request_viewer(request)
    text = request.GET.get("q", "").strip()
    chain = request.GET.get("chain", "").strip()
    if request.GET.get("format") == "xlsx":
        rows, _more = selectors.journal_page(viewer=viewer, text=text, chain=chain, size=EXPORT_ROWS)
        with transaction.atomic():  # reading the trail out is itself on the trail
            journal.record(viewer, "journal.export", chain=journal.ACCOUNTS_CHAIN, after={"rows": len(rows)})
        heads = ("#", _("Time"), _("Who"), _("Action"), _("Result"), _("Object"), _("Before"), _("After"), _("Reason"))
        return excel_response(
            _("Journal"),
            _("Journal"),
            heads,
            [
                (
                    f"{row.chain_id}#{row.sequence}",
                    row.at,
                    row.actor_label if row.actor_id else _("system"),
                    row.action,
                    row.result,
                    row.object_label,
                    json.dumps(row.before, ensure_ascii=False) if row.before else "",
                    json.dumps(row.after, ensure_ascii=False) if row.after else "",
                    row.reason,
                )
                for row in rows
            ],
        )
    rows, older = selectors.journal_page(
        viewer=viewer, before_id=number_parameter(request, "before"), text=text, chain=chain
    )
    table = Table(
        _("Journal"),
        (
            Column(_("Time"), "date"),
            Column(_("Who")),
            Column(_("Action"), "main"),
            Column(_("Object")),
            Column(_("Change")),
            Column("#", "num"),
        ),
        tuple(
            Row(
                (
                    Cell(timezone.localtime(row.at).strftime("%Y-%m-%d %H:%M:%S")),
                    Cell(row.actor_label if row.actor_id else _("system"), sub=row.ip),
                    Cell(
                        action_words(row.action),
                        sub=row.reason,
                        tone="warn" if row.result == "denied" else "",
                        icon="lock" if row.result == "denied" else "",
                    ),
                    Cell(row.object_label),
                    Cell(_change(row.before, row.after)),
                    Cell(str(row.sequence), sub=row.hash[:8]),
                )
            )
            for row in rows
        ),
        _("No entries"),
    )
    page = KeysetPage(older_url=with_query(request, before=older) if older else "", shown=len(rows))
    return render(
        request,
        "web/journal/list.html",
        {
            "table": table,
            "page": page,
            "excel_url": with_query(request, format="xlsx"),
            "may_verify": allows(viewer, "journal.verify"),
        },
    )


def _change(before: dict[str, object] | None, after: dict[str, object] | None) -> str:
    """A short "was → is" of at most three fields."""
    parts = []
    for name in list((after or before or {}).keys())[:3]:
        old, new = value_words(name, (before or {}).get(name)), value_words(name, (after or {}).get(name))
        shown = f"{_short(old)} → {_short(new)}" if before and name in before and after else _short(new or old)
        parts.append(_("%(field)s: %(change)s") % {"field": field_words(name), "change": shown})
    return _("; ").join(parts)


def _short(value: object) -> str:
    text = "—" if value in (None, "") else str(value)
    return text if len(text) <= 40 else text[:39] + "…"


@access(POST="journal.verify")
def journal_verify(request: HttpRequest) -> HttpResponse:
    """Recompute all chains now."""
    viewer = request_viewer(request)
    faults = list(journal.verify())
    with transaction.atomic():
        journal.record(viewer, "journal.verify", chain=journal.ACCOUNTS_CHAIN, after={"faults": len(faults)})
    if faults:
        for fault in faults[:5]:
            messages.error(
                request,
                _("Chain %(chain)s is broken at entry %(sequence)s. Tell the auditor and keep a copy of the database.")
                % {"chain": fault.chain, "sequence": fault.sequence},
            )
    else:
        messages.success(request, _("All chains are whole: every entry is as it was written."))
    return HttpResponseRedirect(reverse("web:journal"))
