"""The money of a case: freezing, settling, closing, adjusting. The plan is shown before anything moves."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts.policy import access
from accounts.scoping import request_viewer
from accounts.services.idempotency import idempotent
from contracts.errors import Refused
from penalties import selectors, services
from penalties.plans import Options, options_of, titles_of
from penalties.rules import Source
from penalties.services.settlements import parts_from, received_of
from web.forms import penalties as the
from web.templatetags.ui import money_text
from web.views.penalty_acts import act_page, initial


def source_text(key: str, titles: Mapping[str, str]) -> str:
    """What a source of a settlement is called."""
    kind, _colon, name = key.partition(":")
    if kind == "instalment":
        return _("Deducted from %(title)s") % {"title": titles.get(key, name)}
    if kind == "guarantee":
        return _("Claimed on the security %(number)s") % {"number": titles.get(key, name)}
    return _("Paid by the vendor itself")


def _hint(source: Source, options: Options, currency: str) -> str:
    """How much a source gives at most, and until when."""
    if source.limit is None:
        return ""
    most = _("At most %(amount)s.") % {"amount": money_text(source.limit, currency)}
    security = next((each for each in options.securities if each.key == source.key), None)
    if security is None:
        return most
    last = security.last.isoformat() if security.last is not None else "—"
    return most + _(" The written claim has to be delivered by %(last)s.") % {"last": last}


def _over(options: Options) -> list[tuple[str, str]]:
    """Securities that give nothing any more, and why."""
    return [
        (
            _("Security %(number)s") % {"number": each.instrument.number},
            _("Validity ended on %(last)s: nothing can be claimed on it") % {"last": each.last},
        )
        for each in options.securities
        if each.over
    ]


@access(GET="penalty.freeze", POST="penalty.freeze")
@idempotent
def freeze(request: HttpRequest, case_id: int) -> HttpResponse:
    """Hold the disputed amount back in an instalment."""
    viewer = request_viewer(request)
    found = selectors.case_page(case_id, viewer=viewer)
    milestones = selectors.instalments_of(found.contract, viewer=viewer)
    form = the.FreezeForm(
        request.POST or None, initial=initial(request), milestones=[(row.code, row.title) for row in milestones]
    )

    def act(data: dict[str, Any]) -> None:
        chosen = next(row for row in milestones if row.code == data["milestone"])
        services.penalty_freeze(actor=viewer, case=found.case, milestone=chosen, note=data["note"])

    return act_page(
        request, found, form=form, heading=_("Freeze in dispute"), submit=_("Freeze"), act=act,
        done=_("The amount is held back; frozen is not deducted."),
        intro=_("The amount is not paid out until the dispute is over. Nothing is deducted yet."),
    )  # fmt: skip


@access(GET="penalty.settle", POST="penalty.settle")
@idempotent
def settle(request: HttpRequest, case_id: int) -> HttpResponse:
    """Plan how an agreed penalty is met; another person approves and thereby carries it out."""
    viewer = request_viewer(request)
    found = selectors.case_page(case_id, viewer=viewer)
    options, currency = options_of(found.case), found.contract.currency
    plan: dict[str, Decimal] = {}
    if found.case.amount is not None:
        with suppress(Refused):
            plan = {part.source: part.amount for part in parts_from(options, found.case.amount)}
    sources = [
        (source.key, source_text(source.key, options.titles), _hint(source, options, currency))
        for source in options.sources
    ]
    values = {f"source_{number}": plan.get(key, 0) for number, (key, _label, _room) in enumerate(sources)}
    form = the.SettleForm(request.POST or None, initial=initial(request, **values), sources=sources)
    return act_page(
        request, found, form=form, heading=_("Plan the settlement"), submit=_("Submit the plan"),
        act=lambda data: services.settlement_propose(
            actor=viewer, case=found.case, wishes=form.wishes(), claim_due_on=data["claim_due_on"], note=data["note"]
        ),
        done=_("The plan waits for approval; nothing has moved yet."),
        intro=_(
            "Filled in as the contract orders it: the instalment first, the rest paid by the vendor. A part claimed on "
            "a security is approved with the plan and then delivered to its issuer."
        ),
        extra=_over(options),
    )  # fmt: skip


@access(GET="penalty.settle.approve", POST="penalty.settle.approve")
@idempotent
def settlement_decide(request: HttpRequest, settlement_id: int) -> HttpResponse:
    """Approve a plan and carry it out, or reject it."""
    viewer = request_viewer(request)
    plan = selectors.settlement_get(settlement_id, viewer=viewer)
    found = selectors.case_page(plan.case_id, viewer=viewer)
    titles, currency = titles_of(found.case), found.contract.currency
    form = the.DecisionForm(
        request.POST or None, initial=initial(request), yes=_("Approve and carry out"), no=_("Reject")
    )
    parts = [(source_text(part["source"], titles), money_text(Decimal(part["amount"]), currency)) for part in plan.plan]
    return act_page(
        request, found, form=form, heading=_("Decide the settlement"), submit=_("Save the decision"),
        act=lambda data: services.settlement_decide(
            actor=viewer, settlement=plan, approve=data["decision"] == "yes", note=data["note"]
        ),
        done=_("The decision is saved."),
        warning=_("Approving deducts and claims at once; it is undone by counter-entries only."),
        extra=[*parts, (_("To be paid by"), plan.claim_due_on.isoformat() if plan.claim_due_on else "—")],
    )  # fmt: skip


@access(GET="penalty.settle", POST="penalty.settle")
@idempotent
def close(request: HttpRequest, case_id: int) -> HttpResponse:
    """Close a settled case."""
    viewer = request_viewer(request)
    found = selectors.case_page(case_id, viewer=viewer)
    form = the.NoteForm(request.POST or None, initial=initial(request))
    return act_page(
        request, found, form=form, heading=_("Close the case"), submit=_("Close"),
        act=lambda data: services.case_close(actor=viewer, case=found.case, **data), done=_("The case is closed."),
    )  # fmt: skip


@access(GET="penalty.adjust", POST="penalty.adjust")
@idempotent
def adjust(request: HttpRequest, case_id: int) -> HttpResponse:
    """Propose another amount for a settled penalty: what is too much goes back, a further claim is settled anew."""
    viewer = request_viewer(request)
    found = selectors.case_page(case_id, viewer=viewer)
    liability, currency = found.case.liability, found.contract.currency
    came = Decimal(0) if liability is None else received_of(liability, found.claims, found.security_claims)
    form = the.AdjustForm(request.POST or None, request.FILES or None, initial=initial(request))
    return act_page(
        request, found, form=form, heading=_("Adjust after settlement"), submit=_("Propose"),
        act=lambda data: services.adjustment_propose(actor=viewer, case=found.case, **data),
        done=_("The adjustment waits for approval."),
        intro=_(
            "Lower: claims on their way are taken back first, then deductions; what has been paid goes back. To give "
            "up what has not come in, enter what has. Higher: needs new facts and the paper that settles it."
        ),
        extra=[(_("Come in so far"), money_text(came, currency))],
    )  # fmt: skip


@access(GET="penalty.adjust.approve", POST="penalty.adjust.approve")
@idempotent
def adjustment_decide(request: HttpRequest, adjustment_id: int) -> HttpResponse:
    """Approve an adjustment and write its counter-entries, or reject it."""
    viewer = request_viewer(request)
    wish = selectors.adjustment_get(adjustment_id, viewer=viewer)
    found = selectors.case_page(wish.case_id, viewer=viewer)
    currency = found.contract.currency
    form = the.DecisionForm(request.POST or None, initial=initial(request), yes=_("Approve"), no=_("Reject"))
    return act_page(
        request, found, form=form, heading=_("Decide the adjustment"), submit=_("Save the decision"),
        act=lambda data: services.adjustment_decide(
            actor=viewer, adjustment=wish, approve=data["decision"] == "yes", note=data["note"]
        ),
        done=_("The decision is saved."),
        extra=[
            (_("Amount before"), money_text(wish.before, currency)),
            (_("New amount"), money_text(wish.after, currency)),
            (_("To be paid by"), wish.claim_due_on.isoformat() if wish.claim_due_on else "—"),
            (_("Reason"), wish.reason),
        ],
    )  # fmt: skip
