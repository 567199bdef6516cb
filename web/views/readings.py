"""The reading register (解释口径): every ambiguity with its options, what holds and why, and choosing another option
after seeing every date and amount it would move."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access, allows
from accounts.scoping import request_viewer
from contracts import selectors
from contracts.asof import page_date
from contracts.errors import Refused
from contracts.forms import add_refusal
from contracts.services.files import evidence_add
from obligations.services import readings as services
from obligations.services.amounts import SHOWN
from web.components import Tone
from web.contract_tabs import contract_tabs
from web.forms.facts import DecisionForm
from web.forms.readings import ReadingForm
from web.links import filter_group

UNPROCESSABLE = 422
FIRST = ("proposed", "open", "chosen", "default")
STATES: dict[str, Tone] = {"proposed": "info", "in_force": "ok", "rejected": ""}


def _frame(request: HttpRequest, contract_id: int) -> tuple[Any, dict[str, Any]]:
    contract = selectors.contract_by_id(contract_id, viewer=request_viewer(request))
    return contract, {"contract": contract, "tabs": contract_tabs(request, contract), "demo": contract.is_demo}


def _standing(reading: Any, chosen: str, waiting: bool) -> tuple[str, str, Tone]:
    """How a reading stands: its code for the filter, words and tone."""
    if waiting:
        return "proposed", _("A choice is waiting for decision"), "info"
    if chosen:
        return "chosen", _("Chosen"), "ok"
    if reading.must_choose:
        return "open", _("Must be chosen by a person"), "warn"
    return "default", _("By default"), ""


@access(GET="contract.internal.read")
def register(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Every reading with its options and what holds; filters by standing, by whether money moves, and by words."""
    contract, context = _frame(request, contract_id)
    viewer = request_viewer(request)
    definition = selectors.definition_for(contract)
    day = page_date(request)
    chosen = selectors.readings_chosen(contract, known_on=day.known_on, definition=definition)
    waiting = {
        row.name for row in selectors.reading_choices(viewer=viewer, contract=contract) if row.state == "proposed"
    }
    money = services.money_readings(definition)
    text, wanted = request.GET.get("q", "").strip(), request.GET.get("standing", "")
    rows = []
    counts: Counter[str] = Counter()
    for name, reading in definition.readings.items():
        words = (name, reading.title, reading.problem, reading.why, reading.ref, *(o.text for o in reading.options))
        if text and not any(text in one for one in words):
            continue
        code, label, tone = _standing(reading, chosen.get(name, ""), name in waiting)
        counts[code] += 1
        counts["money"] += name in money
        if wanted in ("", code) or (wanted == "money" and name in money):
            holds = chosen.get(name) or reading.default
            rows.append(
                {"reading": reading, "holds": holds, "label": label, "tone": tone, "money": name in money, "code": code}
            )
    # What waits for somebody first, and of that what moves money; otherwise as the contract's clauses run.
    rows.sort(key=lambda row: (FIRST.index(row["code"]), not row["money"]))
    options = [
        ("", _("All")), ("open", _("To be chosen")), ("proposed", _("Waiting")), ("chosen", _("Chosen")),
        ("default", _("By default")), ("money", _("Moves money")),
    ]  # fmt: skip
    counts[""] = sum(counts[code] for code in ("open", "proposed", "chosen", "default"))
    context |= {
        "rows": rows,
        "groups": (filter_group(request, "standing", _("Standing"), options, counts),),
        "total": len(definition.readings),
    }
    return render(request, "web/readings/register.html", context)


@access(GET="contract.internal.read", POST="reading.propose")
def reading(request: HttpRequest, contract_id: int, name: str) -> HttpResponse:
    """One reading: its options, the effect of another choice on every date and amount, the proposal form, and the
    history of choices. "Show effect" writes nothing."""
    contract, context = _frame(request, contract_id)
    viewer = request_viewer(request)
    definition = selectors.definition_for(contract)
    if name not in definition.readings:
        raise Http404
    found = definition.readings[name]
    chosen = selectors.readings_chosen(contract, definition=definition).get(name, "")
    history = list(selectors.reading_choices(viewer=viewer, contract=contract, name=name))
    asked = request.GET.get("option", "")
    form = ReadingForm(
        request.POST or None,
        request.FILES or None,
        options=[(option.key, option.text) for option in found.options],
        default=found.default,
        looking=request.POST.get("step") == "preview",
        initial={"option": asked if asked in found.keys else ""},
    )
    preview, status = None, 200
    if request.method == "POST":
        status = UNPROCESSABLE
        if form.is_valid():
            try:
                if request.POST.get("step") == "preview":
                    preview = services.reading_preview(
                        viewer=viewer, contract=contract, name=name, option=form.cleaned_data["option"]
                    )
                    status = 200
                else:
                    return _propose(request, contract, found, form.cleaned_data)
            except Refused as error:
                add_refusal(form, error)
    elif asked in found.keys:
        preview = services.reading_preview(viewer=viewer, contract=contract, name=name, option=asked)
    labels = {option.key: option.text for option in found.options}
    context |= {
        "reading": found,
        "holds": chosen or found.default,
        "chosen": chosen,
        "money": name in services.money_readings(definition),
        "form": form,
        "preview": preview,
        "shown": SHOWN,
        "labels": labels,
        "history": [
            (row, labels.get(row.option, row.option) if row.option else _("By default"), STATES[row.state])
            for row in history
        ],
        "waiting": next((row for row in history if row.state == "proposed"), None),
        "may_propose": allows(viewer, "reading.propose"),
    }
    return render(request, "web/readings/reading.html", context, status=status)


def _propose(request: HttpRequest, contract: Any, found: Any, data: dict[str, Any]) -> HttpResponse:
    viewer = request_viewer(request)
    evidence = None
    if data["evidence_file"] or data["evidence_reference"]:
        evidence = evidence_add(
            actor=viewer,
            contract=contract,
            title=found.title,
            upload=data["evidence_file"],
            reference=data["evidence_reference"],
            buyer_only=True,
        )
    choice = services.reading_propose(
        actor=viewer,
        contract=contract,
        name=found.id,
        option=data["option"],
        reason=data["reason"],
        evidence=evidence,
    )
    if choice.state == "proposed":
        messages.success(request, _("Proposed. A manager decides it before any date or amount moves."))
    else:
        messages.success(request, _("Chosen; the dates that depend on it were computed anew."))
    return HttpResponseRedirect(reverse("web:contract_reading", args=[contract.pk, found.id]))


@access(GET="contract.internal.read", POST="reading.decide")
def choice(request: HttpRequest, contract_id: int, choice_id: int) -> HttpResponse:
    """A proposed choice with its effect as of today, and the decision on it."""
    contract, context = _frame(request, contract_id)
    viewer = request_viewer(request)
    row = selectors.reading_choice_get(choice_id, viewer=viewer, contract=contract)
    definition = selectors.definition_for(contract)
    found = definition.readings.get(row.name)
    form = DecisionForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = UNPROCESSABLE
        if form.is_valid():
            accept = request.POST.get("decision") == "accept"
            try:
                moved = services.reading_decide(actor=viewer, choice=row, accept=accept, note=form.cleaned_data["note"])
            except Refused as error:
                add_refusal(form, error)
            else:
                if accept:
                    messages.success(
                        request, _("The reading holds now. %(count)s dates moved.") % {"count": len(moved)}
                    )
                else:
                    messages.info(request, _("Rejected; nothing changed."))
                return HttpResponseRedirect(reverse("web:contract_reading", args=[contract.pk, row.name]))
    pending = row.state == "proposed" and found is not None
    labels = {option.key: option.text for option in found.options} if found is not None else {}
    default = found.default if found is not None else ""
    context |= {
        "row": row,
        "reading": found,
        "old": labels.get(row.before or default, row.before or _("undecided")),
        "new": labels.get(row.option or default, row.option or _("undecided")),
        "tone": STATES[row.state],
        "preview": services.reading_preview(viewer=viewer, contract=contract, name=row.name, option=row.option)
        if pending
        else None,
        "shown": SHOWN,
        "form": form,
        "may_decide": pending and allows(viewer, "reading.decide") and row.proposed_by_id != viewer.user_id,
    }
    return render(request, "web/readings/choice.html", context, status=status)
