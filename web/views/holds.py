"""Fiscal holds, changes of the account to pay to, and payments taken back."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access, require
from accounts.scoping import request_viewer
from accounts.services.idempotency import form_key, idempotent
from billing import selectors, services
from contracts.asof import page_date
from contracts.forms import run_form
from contracts.selectors import contract_by_id
from web.forms.billing import DecisionForm
from web.forms.settlement import HoldEndForm, HoldForm, HoldNoticeForm, PayeeForm, ReversalForm
from web.templatetags.ui import money_text

ACTION = "web/billing/action.html"


def _initial(request: HttpRequest, **values: object) -> dict[str, object]:
    return {"idempotency_key": form_key(request), **values}


@access(GET="hold.keep", POST="hold.keep")
@idempotent
def hold_open(request: HttpRequest, milestone_id: int) -> HttpResponse:
    """Record that an instalment's funds are held."""
    viewer, page = request_viewer(request), page_date(request)
    found = selectors.milestone_page(milestone_id, viewer=viewer, as_of=page.today)
    form = HoldForm(request.POST or None, initial=_initial(request, known_on=page.today))
    back = reverse("web:milestone", args=[milestone_id])

    def act(data: dict[str, Any]) -> str:
        services.hold_open(actor=viewer, milestone=found.milestone, known_on=data["known_on"], reason=data["reason"])
        return back

    context = {
        "heading": _("Record a fiscal hold"),
        "sub": found.milestone.title,
        "submit": _("Save"),
        "back": back,
        "intro": _("Being late is no breach while the vendor has been told why. Notify the vendor next."),
        "summary": [
            (_("Contract"), f"{found.contract.number} {found.contract.title}"),
            (_("Milestone"), f"{found.milestone.title} · {found.milestone.clause}"),
            (_("Still to pay"), money_text(found.gate.gate.outstanding, found.contract.currency)),
            (_("Due on"), found.due.on.isoformat() if found.due.on else "—"),
        ],
        "demo": found.contract.is_demo,
    }
    done = _("The hold is recorded. Notify the vendor and keep the proof of delivery.")
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=done)


def _held(hold: Any) -> list[tuple[str, str]]:
    return [
        (_("Milestone"), f"{hold.milestone.title} · {hold.milestone.clause}"),
        (_("Reason"), hold.reason),
        (_("Known on"), hold.known_on.isoformat()),
        (_("Vendor notified on"), hold.notified_on.isoformat() if hold.notified_on else "—"),
        (_("Funds released on"), hold.ended_on.isoformat() if hold.ended_on else "—"),
    ]


@access(GET="hold.keep", POST="hold.keep")
@idempotent
def hold_notify(request: HttpRequest, hold_id: int) -> HttpResponse:
    """Record the notice to the vendor with its proof of delivery."""
    viewer, page = request_viewer(request), page_date(request)
    hold = selectors.hold_get(hold_id, viewer=viewer)
    form = HoldNoticeForm(
        request.POST or None, request.FILES or None, initial=_initial(request, notified_on=page.today)
    )
    back = reverse("web:milestone", args=[hold.milestone_id])

    def act(data: dict[str, Any]) -> str:
        data.pop("idempotency_key")
        services.hold_notify(actor=viewer, hold=hold, **data)
        return back

    context = {
        "heading": _("Record the notice to the vendor"),
        "sub": hold.milestone.title,
        "submit": _("Save"),
        "back": back,
        "multipart": True,
        "summary": _held(hold),
        "demo": hold.contract.is_demo,
    }
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=_("The notice is recorded."))


@access(GET="hold.keep", POST="hold.keep")
@idempotent
def hold_end(request: HttpRequest, hold_id: int) -> HttpResponse:
    """Record the release of the funds."""
    viewer, page = request_viewer(request), page_date(request)
    hold = selectors.hold_get(hold_id, viewer=viewer)
    form = HoldEndForm(request.POST or None, initial=_initial(request, ended_on=page.today))
    back = reverse("web:milestone", args=[hold.milestone_id])

    def act(data: dict[str, Any]) -> str:
        services.hold_end(actor=viewer, hold=hold, ended_on=data["ended_on"], note=data["note"])
        return back

    context = {
        "heading": _("Record the release of the funds"),
        "sub": hold.milestone.title,
        "submit": _("Save"),
        "back": back,
        "intro": _("From this day on the payment is made at once."),
        "summary": _held(hold),
        "demo": hold.contract.is_demo,
    }
    done = _("The release is recorded. Pay at once.")
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=done)


@access(GET="payee.propose", POST="payee.propose")
@idempotent
def payee_propose(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Propose another account to pay to, on the vendor's letter."""
    viewer = request_viewer(request)
    contract = contract_by_id(contract_id, viewer=viewer)
    form = PayeeForm(request.POST or None, request.FILES or None, initial=_initial(request))
    back = reverse("web:contract_payments", args=[contract_id])

    def act(data: dict[str, Any]) -> str:
        data.pop("idempotency_key")
        services.payee_propose(actor=viewer, contract=contract, **data)
        return back

    context = {
        "heading": _("Change the account to pay to"),
        "sub": contract.number,
        "submit": _("Propose"),
        "back": back,
        "multipart": True,
        "warning": _("A wrong account costs the whole payment. A manager compares every digit with the letter."),
        "summary": [(_("Contract"), f"{contract.number} {contract.title}"), (_("Vendor"), contract.vendor.name)],
        "demo": contract.is_demo,
    }
    done = _("The change is proposed. Nothing is applied for until a manager has decided it.")
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=done)


@access(GET="payee.confirm", POST="payee.confirm")
@idempotent
def payee_decide(request: HttpRequest, change_id: int) -> HttpResponse:
    """Confirm or reject a change of account. Asks for the password first."""
    viewer = request_viewer(request)
    change = selectors.payee_change_get(change_id, viewer=viewer)
    require(viewer, "payee.confirm", change)
    form = DecisionForm(
        request.POST or None, initial=_initial(request), yes=_("Every digit agrees with the letter"), no=_("Reject it")
    )
    back = reverse("web:contract_payments", args=[change.contract_id])

    def act(data: dict[str, Any]) -> str:
        services.payee_decide(actor=viewer, change=change, confirm=data["decision"] == "yes", note=data["note"])
        return back

    context = {
        "heading": _("Decide the change of account"),
        "sub": change.contract.number,
        "submit": _("Save the decision"),
        "back": back,
        "links": [(reverse("web:file", args=[change.letter_id]), _("Download the letter"))],
        "summary": [
            (_("Account holder"), change.name),
            (_("Bank"), change.bank),
            (_("Account number"), change.account),
            (_("How it came in and was verified"), change.reason),
            (_("Proposed by"), str(change.proposed_by)),
        ],
        "demo": change.contract.is_demo,
    }
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=_("The decision is saved."))


@access(GET="payment.reverse", POST="payment.reverse")
@idempotent
def payment_reverse(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Propose to reverse a payment."""
    viewer, page = request_viewer(request), page_date(request)
    payment = selectors.payment_get(payment_id, viewer=viewer)
    form = ReversalForm(request.POST or None, initial=_initial(request, happened_on=page.today))
    back = reverse("web:application", args=[payment.application_id])

    def act(data: dict[str, Any]) -> str:
        data.pop("idempotency_key")
        services.reversal_propose(actor=viewer, payment=payment, **data)
        return back

    context = {
        "heading": _("Reverse the payment"),
        "sub": payment.bank_reference,
        "submit": _("Propose"),
        "back": back,
        "intro": _(
            "A payment is never edited. A manager approves the counter-entry; the milestone is then open again."
        ),
        "summary": _paid(payment),
        "demo": payment.contract.is_demo,
    }
    done = _("The reversal is proposed. A manager must approve it.")
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=done)


def _paid(payment: Any) -> list[tuple[str, str]]:
    return [
        (_("Milestone"), payment.application.milestone.title),
        (_("Application number"), payment.application.number),
        (_("Amount"), money_text(payment.amount, payment.contract.currency)),
        (_("Paid on"), payment.paid_on.isoformat()),
        (_("Bank reference"), payment.bank_reference),
    ]


@access(GET="payment.reverse.approve", POST="payment.reverse.approve")
@idempotent
def reversal_decide(request: HttpRequest, reversal_id: int) -> HttpResponse:
    """Approve or reject a reversal. Asks for the password first."""
    viewer = request_viewer(request)
    reversal = selectors.reversal_get(reversal_id, viewer=viewer)
    require(viewer, "payment.reverse.approve", reversal)
    form = DecisionForm(
        request.POST or None, initial=_initial(request), yes=_("Post the counter-entry"), no=_("Reject it")
    )
    back = reverse("web:application", args=[reversal.payment.application_id])

    def act(data: dict[str, Any]) -> str:
        services.reversal_decide(actor=viewer, reversal=reversal, approve=data["decision"] == "yes", note=data["note"])
        return back

    context = {
        "heading": _("Decide the reversal"),
        "sub": reversal.payment.bank_reference,
        "submit": _("Save the decision"),
        "back": back,
        "summary": [
            *_paid(reversal.payment),
            (_("Reversed on"), reversal.happened_on.isoformat()),
            (_("Bank reference of the return"), reversal.bank_reference),
            (_("Reason"), reversal.reason),
            (_("Proposed by"), str(reversal.proposed_by)),
        ],
        "demo": reversal.contract.is_demo,
    }
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=_("The decision is saved."))
