"""The pre-trial sheet (罚则推演): what recorded or imagined facts would lead to. Looking writes nothing; adopting makes
a proposal of what the recorded facts bear out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access, allows
from accounts.scoping import Viewer, request_viewer
from accounts.services.idempotency import idempotent, new_key
from contracts.asof import page_date
from contracts.errors import Refused
from contracts.forms import add_refusal
from contracts.selectors import contract_by_id, definition_for
from penalties import selectors, services
from penalties.outcomes import Outcome
from penalties.selectors.sheet import imagined_facts, sentences
from web.contract_first import contract_first
from web.contract_tabs import contract_tabs
from web.forms.sheet import SheetForm
from web.penalty_tables import key_words, outcomes_table, range_text, row_words, rows_table


def _shown(sheet: selectors.Sheet, contract: Any, viewer: Viewer) -> list[dict[str, Any]]:
    shown = []
    currency = contract.currency
    subjects = [(each.outcome.target, each.outcome.key_text) for each in sheet.outcomes if not sheet.imagined]
    cases = selectors.cases_of(subjects, viewer=viewer, contract=contract) if subjects else {}
    for number, each in enumerate(sheet.outcomes, 1):
        outcome = each.outcome
        case = cases.get((outcome.target, outcome.key_text))
        shown.append(
            {
                "outcome": outcome,
                "anchor": f"o{number}",
                "case": case,
                "about": key_words(sheet.definition, outcome.key_text.split("/")),
                "each": each,
                "range": _range(outcome, currency),
                "rows": rows_table(outcome.rows, currency, sheet.definition),
                "derivations": [(row, sentences(row, sheet.definition)) for row in outcome.rows],
                "pool": sentences(outcome, sheet.definition) if outcome.target.startswith("pool:") else [],
                "readings": [
                    (table, next((o.text for o in table.options if o.key == key), ""), table.must_choose and not key)
                    for table, key in each.readings
                ],
                "alternatives": [
                    (
                        "、".join(_option(sheet, n, k) for n, k in case.readings.items()),
                        case.amount,
                        [row_words(sheet.definition, label) for label in case.winners],
                    )
                    for case in outcome.by_reading
                ],
                "counterparts": [
                    (row, each.counterparts[row.rule]) for row in outcome.rows if each.counterparts.get(row.rule)
                ],
                "adoptable": outcome.standing and (case is None or case.state in ("clue", "established")),
                "repeat_key": new_key(),
            }
        )
    return shown


def _range(outcome: Outcome, currency: str) -> str:
    """The bounds; where nothing stands yet because facts are missing, a zero would say too much: up to the heaviest
    row that could still apply."""
    possible = [row.high for row in outcome.rows if row.high is not None and row.stage == "clue"]
    high = outcome.high
    if not outcome.standing and not high and possible:
        high = max(possible)
    return range_text(outcome.low, high, outcome.unit or currency)


def _option(sheet: selectors.Sheet, name: str, key: str) -> str:
    table = sheet.definition.readings.get(name)
    return next((o.text for o in table.options if o.key == key), key) if table is not None else key


def _frame(request: HttpRequest, contract: Any) -> dict[str, Any]:
    definition = definition_for(contract)
    return {
        "contract": contract,
        "tabs": contract_tabs(request, contract),
        "demo": contract.is_demo,
        "currency": contract.currency,
        "kinds": [(kind.id, kind.title or kind.id) for kind in definition.items.values()],
        "may_adopt": allows(request_viewer(request), "penalty.propose"),
    }


@access(GET="penalty.read")
def sheet(request: HttpRequest, contract_id: int) -> HttpResponse:
    """What the recorded facts lead to, of the whole contract or (`?about=incident:i1`) of one thing."""
    viewer, page = request_viewer(request), page_date(request)
    contract = contract_by_id(contract_id, viewer=viewer)
    about = request.GET.get("about", "")[:120]
    context = _frame(request, contract) | {"about": about, "real": True}
    try:
        found = selectors.sheet_for(viewer=viewer, contract=contract, as_of=page.as_of, about=about)
    except Refused as error:
        messages.error(request, error.message)
        return render(request, "web/penalties/sheet.html", context | {"shown": [], "sheet": None})
    shown = _shown(found, contract, viewer)
    context |= {"sheet": found, "shown": shown, "summary": outcomes_table(shown)}
    return render(request, "web/penalties/sheet.html", context)


@access(GET="penalty.read")
def imagine(request: HttpRequest, contract_id: int, name: str) -> HttpResponse:
    """A form of one kind of thing; with values in the address, what they would lead to. Writes nothing."""
    viewer, page = request_viewer(request), page_date(request)
    contract = contract_by_id(contract_id, viewer=viewer)
    definition = definition_for(contract)
    if name not in definition.items:
        raise Http404
    asked = "happened" in request.GET
    form = SheetForm(request.GET if asked else None, definition=definition, kind=name, initial={"day": page.as_of})
    context = _frame(request, contract) | {
        "form": form,
        "kind": definition.items[name],
        "real": False,
        "sheet": None,
        "shown": [],
    }
    status = 200
    if asked and form.is_valid():
        facts = imagined_facts(
            definition, kind=name, at=form.cleaned_data["happened"], attributes=form.values(),
            spells=form.spells(), figures=form.figures(),
        )  # fmt: skip
        try:
            found = selectors.sheet_for(
                viewer=viewer, contract=contract, as_of=max(page.as_of, _day(form)), imagined=facts
            )
            shown = _shown(found, contract, viewer)
            context |= {"sheet": found, "shown": shown, "summary": outcomes_table(shown)}
        except Refused as error:
            add_refusal(form, error)
            status = 422
    elif asked:
        status = 422
    return render(request, "web/penalties/imagine.html", context, status=status)


def _day(form: SheetForm) -> Any:
    moment: datetime = form.cleaned_data["happened"]
    return form.cleaned_data.get("day") or moment.date()


@access(POST="penalty.propose")
@contract_first
@idempotent
def adopt(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Make a proposal of an outcome of the sheet, from the facts on record."""
    viewer = request_viewer(request)
    contract = contract_by_id(contract_id, viewer=viewer)
    try:
        case = services.penalty_adopt(
            actor=viewer,
            contract=contract,
            target=request.POST.get("target", "")[:120],
            key_text=request.POST.get("key", "")[:240],
        )
    except Refused as error:
        messages.error(request, error.message)
        return HttpResponseRedirect(reverse("web:penalty_sheet", args=[contract.pk]))
    messages.success(request, _("Proposed. Another person must approve it."))
    return HttpResponseRedirect(reverse("web:penalty", args=[case.pk]))
