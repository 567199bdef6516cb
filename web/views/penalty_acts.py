"""What people do with a case, one form each; afterwards the case is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access
from accounts.scoping import request_viewer
from accounts.services.idempotency import form_key, idempotent
from contracts.asof import page_date
from contracts.compared import compared_values
from contracts.forms import run_form
from obligations.services.events import finding_record
from penalties import selectors, services
from penalties.reckoning import basis_for
from penalties.selectors.sheet import finding_kind
from penalties.services.notices import USUAL_PERIOD, rule_for
from penalties.services.proposals import case_now
from web.forms import penalties as the
from web.penalty_tables import amount_text, fact_words, range_text
from web.templatetags.ui import money_text

ACTION = "web/billing/action.html"


def initial(request: HttpRequest, **values: object) -> dict[str, object]:
    """First values of a form, with its key against sending twice."""
    return {"idempotency_key": form_key(request), **values}


def summary(found: selectors.CasePage) -> list[tuple[str, str]]:
    """What the case is about, beside the form."""
    case = found.case
    currency = found.contract.currency
    return [
        (_("Contract"), f"{found.contract.number} {found.contract.title}"),
        (_("Case number"), case.number),
        (_("What for"), case.title),
        (_("Clause"), case.clause or "—"),
        (_("State"), str(case.get_state_display())),
        (_("Amount"), amount_text(case, currency)),
        (_("Range"), range_text(case.low, case.high, currency)),
        (_("Proposed by"), str(case.proposed_by) if case.proposed_by else "—"),
        (_("Approved by"), str(case.approved_by) if case.approved_by else "—"),
    ]


def act_page(
    request: HttpRequest,
    found: selectors.CasePage,
    *,
    form: forms.Form,
    heading: str,
    submit: str,
    act: Callable[[dict[str, Any]], object],
    done: str,
    warning: str = "",
    intro: str = "",
    extra: list[tuple[str, str]] | None = None,
    template: str = ACTION,
) -> HttpResponse:
    """Show the form of an act beside its case, or do it and go back to the case."""
    page = reverse("web:penalty", args=[found.case.pk])

    def run(data: dict[str, Any]) -> str:
        data.pop("idempotency_key", None)
        act(data)
        return page

    context = {
        "heading": heading,
        "sub": f"{found.case.number} {found.case.title}",
        "submit": submit,
        "back": page,
        "multipart": "uploads" in form.fields,
        "summary": [*summary(found), *(extra or [])],
        "warning": warning,
        "intro": intro,
        "demo": found.contract.is_demo,
    }
    return run_form(request, form=form, template=template, context=context, act=run, done=done)


@access(GET="penalty.establish", POST="penalty.establish")
@idempotent
def establish(request: HttpRequest, case_id: int) -> HttpResponse:
    """Declare that the facts of a clue have been looked into."""
    viewer = request_viewer(request)
    found = selectors.case_page(case_id, viewer=viewer)
    form = the.EstablishForm(request.POST or None, request.FILES or None, initial=initial(request))
    return act_page(
        request, found, form=form, heading=_("Establish the facts"), submit=_("The facts are established"),
        act=lambda data: services.facts_establish(actor=viewer, case=found.case, **data),
        done=_("The facts are established; the case can be proposed."),
    )  # fmt: skip


@access(GET="fact.propose", POST="fact.propose")
@idempotent
def finding(request: HttpRequest, case_id: int) -> HttpResponse:
    """Record one fact the case waits for, with what proves it; where the contract wants it, another person confirms."""
    viewer = request_viewer(request)
    found = selectors.case_page(case_id, viewer=viewer)
    fact = request.GET.get("fact", "")[:200]
    subject, _dot, name = fact.rpartition(".")
    kind = finding_kind(found.definition, subject, name)
    if kind is None:
        messages.info(request, _("Choose on the case's page which of the missing facts to record."))
        return HttpResponseRedirect(reverse("web:penalty", args=[case_id]))
    form = the.FindingForm(
        request.POST or None, request.FILES or None, initial=initial(request), name=name, kind=kind,
        values=compared_values(found.definition).get(name, ()) if found.definition is not None else (),
    )  # fmt: skip

    def act(data: dict[str, Any]) -> None:
        recorded = finding_record(
            actor=viewer, contract=found.contract, subject=subject, name=name, value=form.value(),
            uploads=data["uploads"], note=data["note"],
        )  # fmt: skip
        if recorded.state == "confirmed" and found.case.state in ("clue", "established"):
            services.case_recompute(actor=viewer, case=found.case)

    return act_page(
        request, found, form=form, heading=_("Record a finding"), submit=_("Record"), act=act,
        done=_("The finding is recorded."), intro=fact_words(found.definition, fact),
    )  # fmt: skip


@access(GET="penalty.propose", POST="penalty.propose")
@idempotent
def propose(request: HttpRequest, case_id: int) -> HttpResponse:
    """Propose the penalty at today's figures."""
    viewer = request_viewer(request)
    found = selectors.case_page(case_id, viewer=viewer)
    picks = []
    if found.outcome is not None and found.outcome.decision:
        currency = found.contract.currency
        picks = [
            (row.label, f"{row.title} · {range_text(row.low, row.high, currency)}")
            for row in found.outcome.rows
            if row.counts
        ]
    form = the.ProposeForm(request.POST or None, initial=initial(request), picks=picks)
    return act_page(
        request, found, form=form, heading=_("Propose the penalty"), submit=_("Propose"),
        act=lambda data: services.penalty_propose(actor=viewer, case=found.case, **data),
        done=_("Proposed. Another person must approve it."),
        intro=_("The amount is computed anew from the facts and readings of today."),
    )  # fmt: skip


@access(GET="penalty.propose", POST="penalty.propose")
@idempotent
def cancel(request: HttpRequest, case_id: int) -> HttpResponse:
    """Take a proposal back."""
    viewer = request_viewer(request)
    found = selectors.case_page(case_id, viewer=viewer)
    form = the.NoteForm(request.POST or None, initial=initial(request))
    return act_page(
        request, found, form=form, heading=_("Take the proposal back"), submit=_("Take back"),
        act=lambda data: services.penalty_cancel(actor=viewer, case=found.case, **data),
        done=_("The proposal is taken back."),
    )  # fmt: skip


@access(GET="penalty.approve", POST="penalty.approve")
@idempotent
def approve(request: HttpRequest, case_id: int) -> HttpResponse:
    """Approve or reject a proposal; another person than made it."""
    viewer = request_viewer(request)
    found = selectors.case_page(case_id, viewer=viewer)
    form = the.ApproveForm(request.POST or None, initial=initial(request), yes=_("Approve"), no=_("Send it back"))

    def act(data: dict[str, Any]) -> None:
        if data["decision"] == "yes":
            services.penalty_approve(actor=viewer, case=found.case, note=data["note"], amount=data["amount"])
        else:
            services.penalty_reject(actor=viewer, case=found.case, note=data["note"])

    return act_page(
        request, found, form=form, heading=_("Decide the proposal"), submit=_("Save the decision"), act=act,
        done=_("The decision is saved."),
    )  # fmt: skip


@access(GET="penalty.notify", POST="penalty.notify")
@idempotent
def notify(request: HttpRequest, case_id: int) -> HttpResponse:
    """Record the notice; from now on the vendor sees the case."""
    viewer, page = request_viewer(request), page_date(request)
    found = selectors.case_page(case_id, viewer=viewer)
    rule = rule_for(basis_for(found.contract, as_of=page.today))
    form = the.NoticeForm(
        request.POST or None, request.FILES or None,
        initial=initial(request, sent_on=page.today, objection_days=USUAL_PERIOD),
    )  # fmt: skip
    if rule.days is not None:
        del form.fields["objection_days"]
    extra = [(_("Rule of delivery"), rule.clause or _("the contract gives none"))]
    if rule.days is not None:
        extra.append((_("Period for objections"), f"{rule.days} · {rule.objection_clause}"))
    return act_page(
        request, found, form=form, heading=_("Record the notice"), submit=_("Record"),
        act=lambda data: services.penalty_notify(actor=viewer, case=found.case, **data),
        done=_("The notice is on record; the vendor sees the case in its portal."),
        warning=_("From now on the vendor sees the case, its amount and its grounds."), extra=extra,
    )  # fmt: skip


@access(GET="penalty.notify", POST="penalty.notify")
@idempotent
def delivery(request: HttpRequest, case_id: int) -> HttpResponse:
    """Record when a notice reached the vendor."""
    viewer, page = request_viewer(request), page_date(request)
    found = selectors.case_page(case_id, viewer=viewer)
    form = the.DeliveryForm(
        request.POST or None, request.FILES or None, initial=initial(request, received_on=page.today)
    )
    return act_page(
        request, found, form=form, heading=_("Record the delivery"), submit=_("Record"),
        act=lambda data: services.delivery_record(actor=viewer, case=found.case, **data),
        done=_("The delivery is on record; the period for objections runs."),
    )  # fmt: skip


@access(GET="penalty.write", POST="penalty.write")
@idempotent
def statement(request: HttpRequest, case_id: int) -> HttpResponse:
    """Answer the vendor, or leave an internal note."""
    viewer = request_viewer(request)
    found = selectors.case_page(case_id, viewer=viewer)
    form = the.StatementForm(request.POST or None, request.FILES or None, initial=initial(request))
    return act_page(
        request, found, form=form, heading=_("Answer or note"), submit=_("Add"),
        act=lambda data: services.statement_add(actor=viewer, case=found.case, **data), done=_("Added."),
    )  # fmt: skip


@access(GET="penalty.write", POST="penalty.write")
@idempotent
def minutes(request: HttpRequest, case_id: int) -> HttpResponse:
    """Put the minutes of the talks on file."""
    viewer = request_viewer(request)
    found = selectors.case_page(case_id, viewer=viewer)
    form = the.MinutesForm(request.POST or None, request.FILES or None, initial=initial(request))
    return act_page(
        request, found, form=form, heading=_("File the minutes"), submit=_("File"),
        act=lambda data: services.minutes_add(actor=viewer, case=found.case, **data),
        done=_("The minutes are on file."),
        intro=_("That only the heaviest of several penalties counts rests on talks between the parties."),
    )  # fmt: skip


@access(GET="penalty.decide", POST="penalty.decide")
@idempotent
def decide(request: HttpRequest, case_id: int) -> HttpResponse:
    """Decide an objection; never by whoever approved the penalty."""
    viewer = request_viewer(request)
    found = selectors.case_page(case_id, viewer=viewer)
    form = the.CaseDecisionForm(request.POST or None, initial=initial(request))
    now = case_now(found.case, versions=found.versions)
    extra = [(_("Computed anew today"), money_text(now, found.contract.currency) if now is not None else "—")]
    return act_page(
        request, found, form=form, heading=_("Decide the objection"), submit=_("Save the decision"),
        act=lambda data: services.penalty_decide(actor=viewer, case=found.case, **data),
        done=_("The decision is saved; the vendor sees it."), extra=extra,
    )  # fmt: skip


@access(GET="penalty.agree", POST="penalty.agree")
@idempotent
def agree(request: HttpRequest, case_id: int) -> HttpResponse:
    """Record that the amount stands: unopposed, agreed or adjudged."""
    viewer = request_viewer(request)
    found = selectors.case_page(case_id, viewer=viewer)
    form = the.AgreeForm(request.POST or None, request.FILES or None, initial=initial(request))
    return act_page(
        request, found, form=form, heading=_("Record that it is final"), submit=_("Record"),
        act=lambda data: services.penalty_agree(actor=viewer, case=found.case, **data),
        done=_("The amount is final; it can be settled."),
    )  # fmt: skip


@access(GET="penalty.waive", POST="penalty.waive")
@idempotent
def waive(request: HttpRequest, case_id: int) -> HttpResponse:
    """Give a case up, with a reason."""
    viewer = request_viewer(request)
    found = selectors.case_page(case_id, viewer=viewer)
    form = the.ReasonForm(request.POST or None, initial=initial(request))
    return act_page(
        request, found, form=form, heading=_("Waive the penalty"), submit=_("Waive"),
        act=lambda data: services.penalty_waive(actor=viewer, case=found.case, reason=data["note"]),
        done=_("The case is waived."), warning=_("A waived case is not raised again."),
    )  # fmt: skip
