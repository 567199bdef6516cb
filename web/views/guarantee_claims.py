"""Claims on a security: proposed, decided, delivered, answered, completed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access, allows, require
from accounts.scoping import request_viewer
from accounts.services.idempotency import form_key, idempotent
from billing.selectors import guarantee as selectors
from billing.services import guarantee_claims as services
from contracts.asof import page_date
from contracts.forms import run_form
from web.forms.billing import DecisionForm
from web.forms.guarantee import AnswerForm, ClaimForm, ClosingForm, DeliveryForm
from web.guarantee_tables import CLAIM_TONES
from web.templatetags.ui import money_text
from web.views.guarantee import ACTION, page_of, security_of


def _initial(request: HttpRequest, **values: object) -> dict[str, object]:
    return {"idempotency_key": form_key(request), **values}


def _day(value: Any) -> str:
    return value.isoformat() if value else "—"


def _summary(claim: Any) -> list[tuple[str, str]]:
    currency = claim.contract.currency
    return [
        (_("Claim"), claim.number),
        (_("State"), str(claim.get_state_display())),
        (_("Instrument"), f"{claim.instrument.number} · {claim.instrument.issuer}".rstrip(" ·")),
        (_("Amount"), money_text(claim.amount, currency)),
        (_("Clause"), claim.clause),
        (_("Rests on"), f"{claim.liability.title} · {claim.liability.clause}" if claim.liability else "—"),
        (_("Reason"), claim.reason),
        (_("Proposed by"), str(claim.proposed_by)),
        (_("Decided by"), " · ".join(t for t in (str(claim.decided_by or ""), claim.decision_note) if t) or "—"),
        (_("Delivered on"), _day(claim.delivered_on)),
        (_("Answered on"), _day(claim.answered_on)),
        (_("Paid"), money_text(claim.paid, currency) if claim.paid else "—"),
        (_("Completed on"), " · ".join(t for t in (_day(claim.closed_on), claim.closing_note) if t)),
        (_("Contract"), f"{claim.contract.number} {claim.contract.title}"),
    ]


@access(GET="security.propose", POST="security.propose")
@idempotent
def security_claim_add(request: HttpRequest, instrument_id: int) -> HttpResponse:
    """Propose a claim on an instrument."""
    viewer = request_viewer(request)
    row = selectors.instrument_get(instrument_id, viewer=viewer)
    require(viewer, "security.propose", row)
    found = security_of(request, row)
    currency = row.contract.currency
    owed = {str(one.pk): one for one in selectors.liabilities_open(row.contract, viewer=viewer)}
    left = row.balance - row.reserved
    last = services.last_day(row, found.terms)
    form = ClaimForm(
        request.POST or None,
        initial=_initial(request),
        grounds=[(ground.key, f"{ground.title} · {ground.clause}") for ground in found.terms.grounds],
        liabilities=[
            (pk, f"{one.title} · {money_text(one.amount - one.deducted - one.claimed - one.drawn, currency)}")
            for pk, one in owed.items()
        ],
    )

    def act(data: dict[str, Any]) -> str:
        claim = services.security_claim_propose(
            actor=viewer,
            instrument=row,
            ground=data["ground"],
            amount=data["amount"],
            reason=data["reason"],
            liability=owed.get(data["liability"]),
        )
        return reverse("web:security_claim", args=[claim.pk])

    context = {
        "heading": _("Claim on the security"),
        "sub": row.number,
        "submit": _("Propose the claim"),
        "back": page_of(row),
        "warning": _("It must be delivered in writing by %(day)s.") % {"day": last.isoformat()} if last else "",
        "summary": [
            (_("Left of it"), money_text(left, currency)),
            (_("Delivered by"), _day(last)),
            (_("Instrument"), f"{row.number} · {row.issuer}".rstrip(" ·")),
            (_("Contract"), f"{row.contract.number} {row.contract.title}"),
        ],
        "demo": row.contract.is_demo,
    }
    done = _("The claim is proposed. A manager must approve it before it is delivered.")
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=done)


@access(GET="security.staff.read")
def security_claim(request: HttpRequest, claim_id: int) -> HttpResponse:
    """One claim with what can be done about it."""
    viewer, page = request_viewer(request), page_date(request)
    claim = selectors.security_claim_get(claim_id, viewer=viewer)
    steps = {
        "security_claim_decide": claim.state == "proposed"
        and allows(viewer, "security.decide")
        and claim.proposed_by_id != viewer.user_id,
        "security_claim_deliver": claim.state == "approved" and allows(viewer, "security.record"),
        "security_claim_answer": claim.state in ("approved", "delivered") and allows(viewer, "security.record"),
        "security_claim_close": claim.state in ("paid", "refused", "withdrawn")
        and claim.delivered_on is not None
        and claim.closed_on is None
        and allows(viewer, "security.record"),
    }
    words = {
        "security_claim_decide": _("Decide the claim"),
        "security_claim_deliver": _("Record the delivery"),
        "security_claim_answer": _("Record what came of it"),
        "security_claim_close": _("Record its completion"),
    }
    context = {
        "claim": claim,
        "contract": claim.contract,
        "demo": claim.contract.is_demo,
        "tone": CLAIM_TONES[claim.state],
        "summary": _summary(claim),
        "back": page_of(claim.instrument),
        "proof": reverse("web:file", args=[claim.delivery.file_id])
        if claim.delivery is not None and claim.delivery.file_id
        else "",
        "steps": [
            (reverse(f"web:{name}", args=[claim.pk]), words[name])
            for name, may in steps.items()
            if may and page.is_today
        ],
    }
    return render(request, "web/guarantee/claim.html", context)


def _context(claim: Any, heading: str, submit: str, **more: object) -> dict[str, object]:
    return {
        "heading": heading,
        "sub": claim.number,
        "submit": submit,
        "back": reverse("web:security_claim", args=[claim.pk]),
        "summary": _summary(claim),
        "demo": claim.contract.is_demo,
        **more,
    }


@access(GET="security.decide", POST="security.decide")
@idempotent
def security_claim_decide(request: HttpRequest, claim_id: int) -> HttpResponse:
    """Approve or reject a proposed claim."""
    viewer = request_viewer(request)
    claim = selectors.security_claim_get(claim_id, viewer=viewer)
    require(viewer, "security.decide", claim)
    form = DecisionForm(request.POST or None, initial=_initial(request), yes=_("Approve the claim"), no=_("Reject it"))

    def act(data: dict[str, Any]) -> str:
        services.security_claim_decide(actor=viewer, claim=claim, approve=data["decision"] == "yes", note=data["note"])
        return reverse("web:security_claim", args=[claim_id])

    context = _context(claim, _("Decide the claim"), _("Save the decision"))
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=_("The decision is saved."))


@access(GET="security.record", POST="security.record")
@idempotent
def security_claim_deliver(request: HttpRequest, claim_id: int) -> HttpResponse:
    """Record that the written claim was delivered."""
    viewer, page = request_viewer(request), page_date(request)
    claim = selectors.security_claim_get(claim_id, viewer=viewer)
    form = DeliveryForm(request.POST or None, request.FILES or None, initial=_initial(request, delivered_on=page.today))

    def act(data: dict[str, Any]) -> str:
        data.pop("idempotency_key")
        services.security_claim_deliver(actor=viewer, claim=claim, **data)
        return reverse("web:security_claim", args=[claim_id])

    context = _context(
        claim,
        _("Record the delivery"),
        _("Save the delivery"),
        multipart=True,
        intro=_("A claim counts from its delivery; the proof is kept with it."),
    )
    done = _("The delivery is recorded. The clock of giving back stands still until the claim is completed.")
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=done)


@access(GET="security.record", POST="security.record")
@idempotent
def security_claim_answer(request: HttpRequest, claim_id: int) -> HttpResponse:
    """Record what came of a claim."""
    viewer, page = request_viewer(request), page_date(request)
    claim = selectors.security_claim_get(claim_id, viewer=viewer)
    outcomes = [("paid", _("Paid")), ("refused", _("Refused by the issuer"))] if claim.state == "delivered" else []
    form = AnswerForm(
        request.POST or None,
        initial=_initial(request, on=page.today, amount=claim.amount if outcomes else None),
        outcomes=[*outcomes, ("withdrawn", _("Withdrawn"))],
    )

    def act(data: dict[str, Any]) -> str:
        data.pop("idempotency_key")
        services.security_claim_answer(actor=viewer, claim=claim, **data)
        return reverse("web:security_claim", args=[claim_id])

    intro = _("What is not paid is free again, of the security and of what the vendor owes.")
    context = _context(claim, _("Record what came of it"), _("Save it"), intro=intro)
    return run_form(request, form=form, template=ACTION, context=context, act=act, done=_("It is recorded."))


@access(GET="security.record", POST="security.record")
@idempotent
def security_claim_close(request: HttpRequest, claim_id: int) -> HttpResponse:
    """Record the day a claim counts as completed."""
    viewer, page = request_viewer(request), page_date(request)
    claim = selectors.security_claim_get(claim_id, viewer=viewer)
    form = ClosingForm(request.POST or None, initial=_initial(request, closed_on=claim.answered_on or page.today))

    def act(data: dict[str, Any]) -> str:
        services.security_claim_close(actor=viewer, claim=claim, closed_on=data["closed_on"], note=data["note"])
        return page_of(claim.instrument)

    intro = _("From this day, if it is the last one, the days until the security is given back are counted.")
    context = _context(claim, _("Record its completion"), _("Save the completion"), intro=intro)
    return run_form(
        request, form=form, template=ACTION, context=context, act=act, done=_("The completion is recorded.")
    )
