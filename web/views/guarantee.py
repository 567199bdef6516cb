"""Securities: the list of all, the page of one with its coverage line, and the forms that change it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import NotVisible, access, allows, require
from accounts.scoping import request_viewer
from accounts.services.idempotency import form_key, idempotent
from billing.selectors import guarantee as selectors
from billing.selectors.guarantee_fees import late_fees
from billing.selectors.guarantee_list import securities_list
from billing.sentences_guarantee import form_text, stage_text
from billing.services import guarantee as services
from contracts.asof import page_date
from contracts.forms import run_form
from contracts.selectors import contract_by_id
from web.contract_tabs import contract_tabs
from web.coverage import draw_coverage
from web.forms.billing import DecisionForm
from web.forms.guarantee import CounterForm, InstrumentForm, OrderForm
from web.guarantee_tables import (
    STAGE_TONES,
    claims_table,
    clocks_table,
    conditions,
    cover_table,
    fees_table,
    instruments_table,
    kpis,
    movements_table,
    orders_table,
    securities_table,
    steps,
)
from web.templatetags.ui import money_text

ACTION = "web/billing/action.html"


def _initial(request: HttpRequest, **values: object) -> dict[str, object]:
    return {"idempotency_key": form_key(request), **values}


def _money(amount: Any, page: selectors.SecurityBrief) -> str:
    return money_text(amount, page.contract.currency)


@access(GET="security.staff.read")
def securities(request: HttpRequest) -> HttpResponse:
    """The securities of all contracts."""
    viewer, page = request_viewer(request), page_date(request)
    rows = securities_list(viewer=viewer, as_of=page.as_of)
    return render(request, "web/guarantee/list.html", {"table": securities_table(rows, query=page.query)})


@access(GET="security.staff.read")
def contract_securities(request: HttpRequest, contract_id: int) -> HttpResponse:
    """The first security of a contract; a contract without one says so."""
    viewer = request_viewer(request)
    contract = contract_by_id(contract_id, viewer=viewer)
    codes = list(selectors.security_codes(contract))
    if not codes:
        context = {"contract": contract, "tabs": contract_tabs(request, contract), "demo": contract.is_demo}
        return render(request, "web/guarantee/none.html", context)
    return _security(request, contract, codes[0])


@access(GET="security.staff.read")
def security(request: HttpRequest, contract_id: int, code: str) -> HttpResponse:
    """One security: where it stands, what runs, the ledger, the claims, and what it covers."""
    return _security(request, contract_by_id(contract_id, viewer=request_viewer(request)), code)


def _security(request: HttpRequest, contract: Any, code: str) -> HttpResponse:
    viewer, page = request_viewer(request), page_date(request)
    found = selectors.security_page(contract, code, viewer=viewer, as_of=page.as_of)
    may_act = page.is_today
    others = [terms for terms in selectors.security_codes(contract).values() if terms.code != code]
    context = {
        "contract": contract,
        "tabs": contract_tabs(request, contract),
        "demo": contract.is_demo,
        "found": found,
        "terms": found.terms,
        "stage": stage_text(found.stage),
        "stage_tone": STAGE_TONES[found.stage],
        "kpis": kpis(found),
        "steps": steps(found),
        "conditions": conditions(found),
        "clocks": clocks_table(found, query=page.query),
        "instruments": instruments_table(found, viewer=viewer, may_act=may_act),
        "movements": movements_table(found),
        "claims": claims_table(found),
        "orders": orders_table(found, viewer=viewer, may_act=may_act),
        "cover": cover_table(found),
        "drawn": draw_coverage(
            found.cover,
            today=page.as_of,
            ends=found.terms.valid_until,
            risks=found.outlasting,
            words={"today": _("Today"), "ends": _("Security ends")},
            money=lambda amount: money_text(amount, contract.currency),
        ),
        "may_enter": may_act and allows(viewer, "security.enter"),
        "may_claim": may_act and _claimable(found, viewer),
        "correctable": _correctable(found) if may_act and allows(viewer, "security.propose") else (),
        "others": others,
        "query": page.query,
    }
    return render(request, "web/guarantee/security.html", context)


def _claimable(found: selectors.SecurityPage, viewer: Any) -> int | None:
    """The instrument a claim would be made on: the newest one in force."""
    return next(
        (row.pk for row in found.instruments if "claim" in selectors.instrument_actions(found, row, viewer=viewer)),
        None,
    )


def _correctable(found: selectors.SecurityPage) -> tuple[Any, ...]:
    moved = {entry.instrument_id for entry in found.movements}
    return tuple(row for row in found.instruments if row.pk in moved)


@access(GET="security.staff.read")
def security_fees(request: HttpRequest, contract_id: int, code: str) -> HttpResponse:
    """What late renewals cost, under every reading, as the engine reckons it."""
    viewer, page = request_viewer(request), page_date(request)
    contract = contract_by_id(contract_id, viewer=viewer)
    found = late_fees(contract, code, viewer=viewer, as_of=page.as_of)
    numbers = selectors.instrument_numbers(contract, code, viewer=viewer)
    names = {f"security-{pk}": number for pk, number in numbers.items()}
    context = {
        "contract": contract,
        "tabs": contract_tabs(request, contract),
        "demo": contract.is_demo,
        "found": found,
        "terms": found.terms,
        "fees": [(names.get(fee.key, fee.key), fee) for fee in found.fees],
        "table": fees_table(found, currency=contract.currency, names=names),
        "query": page.query,
    }
    return render(request, "web/guarantee/fees.html", context)


# --- forms ---------------------------------------------------------------------------------------------------------


def _about(found: selectors.SecurityBrief) -> list[tuple[str, str]]:
    return [
        (_("Contract"), f"{found.contract.number} {found.contract.title}"),
        (_("Security"), f"{found.terms.title} · {found.terms.clause}"),
        (_("Asked for"), _money(found.terms.amount, found)),
        (_("Owed until"), found.terms.valid_until.isoformat() if found.terms.valid_until else "—"),
        (_("Can be claimed on"), _money(found.covered, found)),
    ]


def _instrument_summary(found: selectors.SecurityBrief, row: Any) -> list[tuple[str, str]]:
    return [
        (_("Number"), row.number),
        (_("Form of the security"), form_text(row.form)),
        (_("Bank"), row.issuer or "—"),
        (_("Branch"), _("yes") if row.by_branch else _("no")),
        (_("Amount"), _money(row.amount, found)),
        (_("Left"), _money(row.balance, found)),
        (_("Issued on"), row.issued_on.isoformat() if row.issued_on else "—"),
        (_("Handed in on"), row.received_on.isoformat()),
        (_("Valid until"), row.expires_on.isoformat() if row.expires_on else "—"),
        (_("Entered by"), str(row.submitted_by)),
        (_("Note"), row.note or "—"),
        *_about(found),
    ]


def page_of(row: Any) -> str:
    """The page of an instrument's security."""
    return reverse("web:security", args=[row.contract_id, row.security])


def security_of(request: HttpRequest, row: Any) -> selectors.SecurityBrief:
    """The security an instrument belongs to, as of today."""
    viewer, page = request_viewer(request), page_date(request)
    return selectors.security_brief(row.contract, row.security, viewer=viewer, as_of=page.today)


@access(GET="security.enter", POST="security.enter")
def instrument_add(request: HttpRequest, contract_id: int, code: str) -> HttpResponse:
    """Enter an instrument that came in on paper; the vendor hands theirs in through the portal."""
    contract_by_id(contract_id, viewer=request_viewer(request))  # a stranger is not even told what the form lacks
    return _instrument_add(request, contract_id, code)


@idempotent
def _instrument_add(request: HttpRequest, contract_id: int, code: str) -> HttpResponse:
    viewer, page = request_viewer(request), page_date(request)
    contract = contract_by_id(contract_id, viewer=viewer)
    found = selectors.security_brief(contract, code, viewer=viewer, as_of=page.today)
    renewable = {str(row.pk): row for row in found.renewable}
    form = InstrumentForm(
        request.POST or None,
        request.FILES or None,
        allowed=[(form, form_text(form)) for form in found.terms.forms],
        renewable=[(pk, row.number) for pk, row in renewable.items()],
        initial=_initial(
            request,
            amount=found.terms.amount,
            received_on=page.today,
            expires_on=found.terms.valid_until,
            replaces=request.GET.get("renews", ""),
        ),
    )

    def act(data: dict[str, Any]) -> str:
        data.pop("idempotency_key")
        older = renewable.get(data.pop("replaces"))
        services.instrument_submit(actor=viewer, contract=contract, security=code, replaces=older, **data)
        return reverse("web:security", args=[contract_id, code])

    context = {
        "heading": _("Enter a security"),
        "sub": found.terms.title,
        "submit": _("Save the security"),
        "back": reverse("web:security", args=[contract_id, code]),
        "multipart": True,
        "summary": _about(found),
        "demo": contract.is_demo,
    }
    done = _("The security is recorded and waits to be accepted by another person.")
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=done)


@access(GET="security.decide", POST="security.decide")
@idempotent
def instrument_decide(request: HttpRequest, instrument_id: int) -> HttpResponse:
    """Accept or refuse an instrument."""
    viewer = request_viewer(request)
    row = selectors.instrument_get(instrument_id, viewer=viewer)
    require(viewer, "security.decide", row)
    found = security_of(request, row)
    form = DecisionForm(request.POST or None, initial=_initial(request), yes=_("Accept it"), no=_("Refuse it"))

    def act(data: dict[str, Any]) -> str:
        services.instrument_decide(actor=viewer, instrument=row, accept=data["decision"] == "yes", note=data["note"])
        return page_of(row)

    links = [(row.file_id, _("Download the scan")), (row.authorisation_id, _("Download the authorisation"))]
    context = {
        "heading": _("Accept the security"),
        "sub": row.number,
        "submit": _("Save the decision"),
        "back": page_of(row),
        "links": [(reverse("web:file", args=[pk]), label) for pk, label in links if pk],
        "intro": _("Compare number, bank, amount and dates with the original. Say on what the bank was recognised."),
        "warning": _unfit(found, row),
        "summary": _instrument_summary(found, row),
        "demo": row.contract.is_demo,
    }
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=_("The decision is saved."))


def _unfit(found: selectors.SecurityBrief, row: Any) -> str:
    """What speaks against accepting an instrument, if anything."""
    if row.by_branch and not row.authorisation_id:
        return _("A branch issued it and shows no authorisation.")
    if found.terms.valid_until and row.expires_on and row.expires_on < found.terms.valid_until:
        return _(
            "It ends on %(day)s, before the security is no longer owed (%(until)s): it will have to be renewed."
        ) % {
            "day": row.expires_on.isoformat(),
            "until": found.terms.valid_until.isoformat(),
        }
    if found.terms.amount is not None and row.amount < found.terms.amount:
        return _("%(given)s is less than what is asked for (%(required)s).") % {
            "given": _money(row.amount, found),
            "required": _money(found.terms.amount, found),
        }
    return ""


@access(GET="security.propose", POST="security.propose")
@idempotent
def security_change(request: HttpRequest, instrument_id: int, kind: str) -> HttpResponse:
    """Propose to cash a paper, to give an instrument back, or to counter an entry of its ledger."""
    viewer, page = request_viewer(request), page_date(request)
    words = {
        "cash": (_("Cash the paper"), _("The money then goes on securing the contract.")),
        "release": (_("Give the security back"), _("Without interest. Acceptance of the work is no condition.")),
        "counter": (_("Counter an entry"), _("The wrong entry stays; one of the opposite sign is written.")),
    }
    row = selectors.instrument_get(instrument_id, viewer=viewer)
    if kind not in words:
        raise NotVisible(_("This does not exist, or is not yours to see."))
    require(viewer, "security.propose", row)
    found = security_of(request, row)
    entries = {str(one.pk): one for one in selectors.counterable(row, viewer=viewer)} if kind == "counter" else {}
    initial = _initial(request, on=page.today, amount=row.balance or None)
    if kind == "counter":
        form: OrderForm = CounterForm(
            request.POST or None,
            initial=initial | {"amount": None},
            entries=[
                (pk, f"{one.on.isoformat()} {one.get_kind_display()} {_money(one.change, found)}")
                for pk, one in entries.items()
            ],
        )
    else:
        form = OrderForm(request.POST or None, initial=initial)

    def act(data: dict[str, Any]) -> str:
        data.pop("idempotency_key")
        chosen = entries.get(data.pop("counters", ""))
        services.order_propose(actor=viewer, instrument=row, kind=kind, counters=chosen, **data)
        return page_of(row)

    context = {
        "heading": words[kind][0],
        "sub": row.number,
        "submit": _("Propose it"),
        "back": page_of(row),
        "intro": words[kind][1],
        "summary": _instrument_summary(found, row),
        "demo": row.contract.is_demo,
    }
    done = _("It is proposed. Another person must decide it.")
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=done)


@access(GET="security.decide", POST="security.decide")
@idempotent
def security_order_decide(request: HttpRequest, order_id: int) -> HttpResponse:
    """Approve or reject a proposed change."""
    viewer = request_viewer(request)
    order = selectors.security_order_get(order_id, viewer=viewer)
    require(viewer, "security.decide", order)
    row = selectors.instrument_get(order.instrument_id, viewer=viewer)
    found = security_of(request, row)
    form = DecisionForm(request.POST or None, initial=_initial(request), yes=_("Approve it"), no=_("Reject it"))

    def act(data: dict[str, Any]) -> str:
        services.order_decide(actor=viewer, order=order, approve=data["decision"] == "yes", note=data["note"])
        return page_of(row)

    context = {
        "heading": _("Decide the change"),
        "sub": str(order.get_kind_display()),
        "submit": _("Save the decision"),
        "back": page_of(row),
        "intro": _("An approval writes the ledger; a mistake is corrected by a counter-entry."),
        "summary": [
            (_("What"), str(order.get_kind_display())),
            (_("Amount"), _money(order.amount, found)),
            (_("Day"), order.on.isoformat()),
            (_("Receipt or bank reference"), order.reference),
            (_("Proposed by"), str(order.proposed_by)),
            (_("Reason"), order.note or "—"),
            *_instrument_summary(found, row),
        ],
        "demo": row.contract.is_demo,
    }
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=_("The decision is saved."))
