"""What the vendor owes, and how it is settled: deductions, separate claims, and their counter-entries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access, require
from accounts.scoping import request_viewer
from accounts.services.idempotency import form_key, idempotent
from billing import selectors, services
from contracts.asof import page_date
from contracts.forms import run_form
from contracts.selectors import contract_by_id
from web.contract_tabs import contract_tabs
from web.forms.settlement import ClaimForm, ClaimPaidForm, DeductionForm, ReasonForm, RefundPaidForm
from web.settlement_tables import claims_table, deductions_table, freezes_table, liabilities_table, refunds_table
from web.templatetags.ui import money_text

ACTION = "web/billing/action.html"


def _initial(request: HttpRequest, **values: object) -> dict[str, object]:
    return {"idempotency_key": form_key(request), **values}


def _back(contract_id: int) -> str:
    return reverse("web:contract_settlement", args=[contract_id])


def _settling(
    request: HttpRequest, row: Any, *, form: forms.Form, do: Callable[[dict[str, Any]], object], done: str, **shown: Any
) -> HttpResponse:
    """The page of an act on something of a contract's settlement, to which it leads back; `do` gets the form's data."""

    def act(data: dict[str, Any]) -> str:
        do({name: value for name, value in data.items() if name != "idempotency_key"})
        return _back(row.contract_id)

    context = {"back": _back(row.contract_id), "demo": row.contract.is_demo, **shown}
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=done)


@access(GET="payment.read")
def contract_settlement(request: HttpRequest, contract_id: int) -> HttpResponse:
    """One contract's liabilities with every deduction, claim and freeze."""
    viewer, page = request_viewer(request), page_date(request)
    contract = contract_by_id(contract_id, viewer=viewer)
    currency = contract.currency
    deductions = selectors.contract_deductions(contract, viewer=viewer, as_of=page.as_of)
    owed = list(selectors.liabilities_of(contract, viewer=viewer))
    context = {
        "contract": contract,
        "tabs": contract_tabs(request, contract),
        "demo": contract.is_demo,
        "liabilities": liabilities_table(owed, viewer=viewer, currency=currency),
        "settled": [row for row in owed if row.deducted or row.claimed or row.drawn],
        "deductions": deductions_table(deductions, viewer=viewer, currency=currency),
        "claims": claims_table(
            selectors.claims_of(contract, viewer=viewer), viewer=viewer, currency=currency, today=page.as_of
        ),
        "refunds": refunds_table(selectors.refunds_of(contract, viewer=viewer), viewer=viewer, currency=currency),
        "freezes": freezes_table(selectors.freezes_of(contract, viewer=viewer), currency=currency),
    }
    return render(request, "web/billing/settlement.html", context)


def _about(liability: Any) -> list[tuple[str, str]]:
    currency = liability.contract.currency
    left = liability.amount - liability.deducted - liability.claimed - liability.drawn
    return [
        (_("Contract"), f"{liability.contract.number} {liability.contract.title}"),
        (_("Liability"), liability.title),
        (_("Clause"), liability.clause),
        (_("Amount"), money_text(liability.amount, currency)),
        (_("Deducted"), money_text(liability.deducted, currency)),
        (_("Claimed"), money_text(liability.claimed, currency)),
        (_("Drawn on the security"), money_text(liability.drawn, currency)),
        (_("Open"), money_text(left, currency)),
    ]


@access(GET="deduction.add", POST="deduction.add")
@idempotent
def deduction_add(request: HttpRequest, liability_id: int) -> HttpResponse:
    """Take part of a liability off an instalment, the final one first."""
    viewer = request_viewer(request)
    liability = selectors.liability_get(liability_id, viewer=viewer)
    contract = liability.contract
    rows = [row for row in reversed(selectors.milestones_of(contract, viewer=viewer)) if row.open_amount > 0]
    left = liability.amount - liability.deducted - liability.claimed - liability.drawn
    form = DeductionForm(
        request.POST or None,
        initial=_initial(
            request,
            milestone=str(rows[0].pk) if rows else "",
            amount=min(left, rows[0].open_amount) if rows else left,
        ),
        milestones=[(str(row.pk), f"{row.title} · {money_text(row.open_amount, contract.currency)}") for row in rows],
    )

    def act(data: dict[str, Any]) -> str:
        target = next(row for row in rows if str(row.pk) == data["milestone"])
        services.deduction_add(
            actor=viewer, liability=liability, milestone=target, amount=data["amount"], note=data["note"]
        )
        return reverse("web:milestone", args=[target.pk])

    context = {
        "heading": _("Deduct"),
        "sub": liability.title,
        "submit": _("Deduct"),
        "back": _back(contract.pk),
        "intro": _("The final instalment comes first; what it cannot cover is claimed separately."),
        "summary": _about(liability),
        "demo": contract.is_demo,
    }
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=_("The deduction is made."))


@access(GET="deduction.reverse", POST="deduction.reverse")
@idempotent
def deduction_reverse(request: HttpRequest, deduction_id: int) -> HttpResponse:
    """Take a deduction back by a counter-entry."""
    viewer = request_viewer(request)
    deduction = selectors.deduction_get(deduction_id, viewer=viewer)
    return _settling(
        request, deduction, form=ReasonForm(request.POST or None, initial=_initial(request)),
        do=lambda data: services.deduction_reverse(actor=viewer, deduction=deduction, **data),
        done=_("The deduction is taken back by a counter-entry."),
        heading=_("Take the deduction back"), sub=deduction.number, submit=_("Post the counter-entry"),
        summary=[
            (_("Deduction"), deduction.liability.title),
            (_("Milestone"), deduction.milestone.title),
            (_("Amount"), money_text(deduction.amount, deduction.contract.currency)),
            (_("Deducted by"), str(deduction.added_by)),
        ],
    )  # fmt: skip


@access(GET="claim.keep", POST="claim.keep")
@idempotent
def claim_add(request: HttpRequest, liability_id: int) -> HttpResponse:
    """Claim part of a liability to be paid by a transfer of its own."""
    viewer = request_viewer(request)
    liability = selectors.liability_get(liability_id, viewer=viewer)
    left = liability.amount - liability.deducted - liability.claimed - liability.drawn
    return _settling(
        request, liability, form=ClaimForm(request.POST or None, initial=_initial(request, amount=left)),
        do=lambda data: services.separate_claim_add(actor=viewer, liability=liability, **data),
        done=_("The claim is recorded."),
        heading=_("Claim separately"), sub=liability.title, submit=_("Claim"), summary=_about(liability),
    )  # fmt: skip


@access(GET="claim.keep", POST="claim.keep")
@idempotent
def claim_settle(request: HttpRequest, separate_id: int) -> HttpResponse:
    """Record the vendor's transfer."""
    viewer, page = request_viewer(request), page_date(request)
    claim = selectors.claim_get(separate_id, viewer=viewer)
    return _settling(
        request, claim, form=ClaimPaidForm(request.POST or None, initial=_initial(request, settled_on=page.today)),
        do=lambda data: services.separate_claim_settle(actor=viewer, claim=claim, **data),
        done=_("The receipt is recorded."),
        heading=_("Record the receipt"), sub=claim.number, submit=_("Save"), summary=_claimed(claim),
        links=[(reverse("web:claim_withdraw", args=[claim.pk]), _("Withdraw the claim instead"))],
    )  # fmt: skip


@access(GET="claim.keep", POST="claim.keep")
@idempotent
def claim_withdraw(request: HttpRequest, separate_id: int) -> HttpResponse:
    """Take an open claim back."""
    viewer = request_viewer(request)
    claim = selectors.claim_get(separate_id, viewer=viewer)
    require(viewer, "claim.keep", claim)
    return _settling(
        request, claim, form=ReasonForm(request.POST or None, initial=_initial(request)),
        do=lambda data: services.separate_claim_withdraw(actor=viewer, claim=claim, **data),
        done=_("The claim is withdrawn."),
        heading=_("Withdraw the claim"), sub=claim.number, submit=_("Withdraw"), summary=_claimed(claim),
    )  # fmt: skip


@access(GET="refund.pay", POST="refund.pay")
@idempotent
def refund_pay(request: HttpRequest, refund_id: int) -> HttpResponse:
    """Record that money went back to the vendor."""
    viewer, page = request_viewer(request), page_date(request)
    refund = selectors.refund_get(refund_id, viewer=viewer)
    return _settling(
        request, refund, form=RefundPaidForm(request.POST or None, initial=_initial(request, paid_on=page.today)),
        do=lambda data: services.refund_pay(actor=viewer, refund=refund, **data),
        done=_("The refund is recorded."),
        heading=_("Record the refund"), sub=refund.number, submit=_("Save"),
        summary=[
            (_("Refund"), refund.number),
            (_("Liability"), refund.liability.title),
            (_("Amount"), money_text(refund.amount, refund.contract.currency)),
            (_("Reason"), refund.note),
            (_("Approved by"), str(refund.approved_by)),
        ],
    )  # fmt: skip


def _claimed(claim: Any) -> list[tuple[str, str]]:
    return [
        (_("Claim"), claim.number),
        (_("Liability"), claim.liability.title),
        (_("Amount"), money_text(claim.amount, claim.contract.currency)),
        (_("To be paid by"), claim.due_on.isoformat()),
        (_("How the day was set"), claim.note),
    ]
