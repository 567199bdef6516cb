"""The docket (违约与争议): the list, one case, and a dispute with both sides beside one another."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access, allows
from accounts.scoping import request_viewer
from contracts.asof import page_date
from contracts.errors import Refused
from contracts.selectors import contract_by_id
from penalties import selectors, services
from penalties.selectors.sheet import sentences
from web.components import KeysetPage
from web.contract_tabs import contract_tabs
from web.links import filter_group, with_query
from web.penalty_tables import (
    TONES,
    act_links,
    amount_text,
    blocker_words,
    cases_table,
    days_text,
    moved_text,
    range_text,
    rows_table,
    steps,
)


def group_options() -> list[tuple[str, str]]:
    """The groups of the docket, as the list is divided."""
    return [("", _("All")), ("open", _("To confirm")), ("dispute", _("In dispute")), ("final", _("Decided"))]


def _list_context(request: HttpRequest, contract: Any = None) -> dict[str, Any]:
    viewer, page = request_viewer(request), page_date(request)
    found = selectors.docket_queue(
        viewer=viewer,
        contract=contract,
        group=request.GET.get("group", ""),
        about=request.GET.get("about", ""),
        cursor=request.GET.get("cursor", ""),
    )
    counts = {**found.counts, "": sum(found.counts.values())}
    return {
        "table": cases_table(found.rows, today=page.today, route="web:penalty", with_contract=contract is None),
        "groups": [filter_group(request, "group", _("State"), group_options(), counts)],
        "page": KeysetPage(
            newer_url="" if found.is_first else with_query(request),
            older_url=with_query(request, cursor=found.next_cursor) if found.next_cursor else "",
            shown=len(found.rows),
        ),
        "may_look": allows(viewer, "penalty.raise"),
        "may_imagine": allows(viewer, "penalty.read"),
    }


@access(GET="penalty.read")
def docket(request: HttpRequest) -> HttpResponse:
    """All cases by state, the nearest deadline first."""
    return render(request, "web/penalties/docket.html", _list_context(request))


@access(GET="penalty.read")
def contract_docket(request: HttpRequest, contract_id: int) -> HttpResponse:
    """One contract's cases."""
    contract = contract_by_id(contract_id, viewer=request_viewer(request))
    context = _list_context(request, contract) | {
        "contract": contract,
        "tabs": contract_tabs(request, contract),
        "demo": contract.is_demo,
    }
    return render(request, "web/penalties/contract_docket.html", context)


@access(POST="penalty.raise")
def look(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Look for clues now instead of tonight."""
    viewer = request_viewer(request)
    contract = contract_by_id(contract_id, viewer=viewer)
    try:
        count = len(services.clues_raise(contract, actor=viewer)) + services.moved_look(contract, actor=viewer)
        messages.success(request, _("%(count)s cases are new or have changed.") % {"count": count})
    except Refused as error:
        messages.error(request, error.message)
    return HttpResponseRedirect(reverse("web:contract_docket", args=[contract.pk]))


def case_context(request: HttpRequest, found: selectors.CasePage) -> dict[str, Any]:
    """What the case page and the pages of its acts show alike."""
    page = page_date(request)
    case, outcome = found.case, found.outcome
    options = {}
    if found.definition is not None and outcome is not None and found.versions:
        chosen = found.versions[0].readings
        names = {each.removeprefix("reading.") for each in outcome.needs} | {
            name for each in outcome.by_reading for name in each.readings
        }
        options = {
            table.title: (
                table.clause,
                _option_text(table, chosen.get(name) or table.default),
                "chosen" if name in chosen else "default" if table.default else "open",
            )
            for name, table in found.definition.readings.items()
            if name in names
        }
    return {
        "found": found,
        "case": case,
        "contract": found.contract,
        "demo": found.contract.is_demo,
        "outcome": outcome,
        "steps": steps(case),
        "tone": TONES[case.state],
        "amount": amount_text(case, found.contract.currency),
        "countdown": days_text(case, page.today),
        "missing": blocker_words(found.definition, case.missing),
        "rows": rows_table(outcome.rows, found.contract.currency, found.definition) if outcome is not None else None,
        "derivations": [
            (row, sentences(row, found.definition))
            for row in (outcome.rows if outcome is not None else ())
            if row.counts
        ],
        "pool_sentences": (
            sentences(outcome, found.definition) if outcome is not None and outcome.target.startswith("pool:") else []
        ),
        "alternatives": (
            [
                ("、".join(_option_title(found, name, key) for name, key in each.readings.items()), each.amount)
                for each in outcome.by_reading
            ]
            if outcome is not None
            else []
        ),
        "readings": options,
        "moved": moved_text(case, found.contract.currency),
        "range": range_text(case.low, case.high, found.contract.currency),
        "currency": found.contract.currency,
    }


def _option_text(table: Any, key: str) -> str:
    return next((option.text for option in table.options if option.key == key), _("not chosen yet"))


def _option_title(found: selectors.CasePage, name: str, key: str) -> str:
    if found.definition is None or name not in found.definition.readings:
        return f"{name}={key}"
    return _option_text(found.definition.readings[name], key)


def papers_of(case: Any) -> list[str]:
    """The papers that can be issued in the case's state."""
    if case.state in ("clue", "established", "proposed", "waived", "withdrawn"):
        return []
    found = ["penalty_notice"]
    if case.state in ("agreed", "settled", "closed"):
        found.append("penalty_confirmation")
    if case.state in ("settled", "closed"):
        found.append("penalty_settlement")
    return found


@access(GET="penalty.read")
def case(request: HttpRequest, case_id: int) -> HttpResponse:
    """One case: where it stands, facts, derivation, readings, alternatives, thread, and what this reader may do."""
    viewer = request_viewer(request)
    found = selectors.case_page(case_id, viewer=viewer)
    links = act_links(found, viewer)
    context = case_context(request, found) | {
        "links": links,
        "may_find": allows(viewer, "fact.propose") and found.case.state in ("clue", "established", "proposed"),
        "versions": found.versions,
        "papers": papers_of(found.case),
        "may_issue": allows(viewer, "document.issue"),
        "may_refund": allows(viewer, "refund.pay"),
        "settlement": next(iter(found.settlements), None),
    }
    return render(request, "web/penalties/case.html", context)


@access(GET="penalty.read")
def dispute(request: HttpRequest, case_id: int) -> HttpResponse:
    """Both sides beside one another, then the thread, then the decision with the recomputed amount."""
    viewer = request_viewer(request)
    found = selectors.case_page(case_id, viewer=viewer)
    context = case_context(request, found) | {
        "links": act_links(found, viewer),
        "ours": [each for each in found.of_side("buyer") if each.kind != "decision"],
        "theirs": found.of_side("vendor"),
        "opinions": found.of_side("supervisor"),
        "decision": next((each for each in reversed(found.entries) if each.kind == "decision"), None),
    }
    return render(request, "web/penalties/dispute.html", context)
