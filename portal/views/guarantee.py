"""Securities for the vendor: what is asked for, which days run, what is held, and handing in or renewing."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access, allows
from accounts.scoping import request_viewer
from accounts.services.idempotency import form_key, idempotent
from billing.rules_guarantee import Check
from billing.selectors import guarantee as selectors
from billing.selectors.guarantee_list import SecurityRow, securities_list
from billing.sentences_guarantee import check_text, form_text, life, stage_text, step_text
from billing.services import guarantee as services
from contracts.asof import page_date
from contracts.forms import run_form
from contracts.selectors import contract_by_id
from portal.forms import InstrumentForm
from web.components import Cell, Column, Condition, ProcessStep, Row, Table, Tone

STAGES: dict[str, Tone] = {"due": "warn", "renewal": "warn", "in_force": "ok", "ended": "bad", "returned": ""}
STATES: dict[str, Tone] = {"submitted": "info", "accepted": "ok", "refused": "warn"}
# The buyer's own targets and what it considers are its affair.
OWN_SUBJECTS = frozenset({"paper", "form"})


def _shared(line: Check) -> bool:
    return line.subject not in OWN_SUBJECTS and line.code != "claims_open"


def _row(row: SecurityRow, query: str) -> Row:
    address = reverse("portal:security", args=[row.contract.pk, row.code]) + query
    return Row(
        (
            Cell(row.title, url=address, sub=f"{row.contract.number} {row.contract.title}"),
            Cell(stage_text(row.stage), chip=True, tone=STAGES.get(row.stage, "info")),
            Cell(amount=row.required, currency=row.contract.currency),
            Cell(amount=row.balance, currency=row.contract.currency),
            Cell(row.ends.isoformat() if row.ends else ""),
            Cell(row.next_on.isoformat() if row.next_on else "", tone="bad" if row.late else "", sub=row.next_title),
        ),
        strong=row.late,
        faded=row.stage == "returned",
    )


@access(GET="portal.money.read")
def securities(request: HttpRequest) -> HttpResponse:
    """The securities of all one's contracts."""
    page = page_date(request)
    rows = securities_list(viewer=request_viewer(request), as_of=page.as_of)
    table = Table(
        _("Securities"),
        (
            Column(_("Security"), "main"),
            Column(_("State")),
            Column(_("Asked for"), "num"),
            Column(_("Held by the buyer"), "num"),
            Column(_("Ends"), "date"),
            Column(_("Next day"), "date"),
        ),
        tuple(_row(row, page.query) for row in rows),
        _("No contract here asks for a security"),
    )
    return render(request, "portal/securities.html", {"table": table})


def _instruments(found: selectors.SecurityPage) -> Table:
    currency = found.contract.currency
    return Table(
        _("Handed in"),
        (
            Column(_("Number"), "main"),
            Column(_("Form of the security")),
            Column(_("Amount"), "num"),
            Column(_("Held"), "num"),
            Column(_("Handed in"), "date"),
            Column(_("Valid until"), "date"),
            Column(_("State")),
        ),
        tuple(
            Row(
                (
                    Cell(
                        one.number,
                        url=reverse("portal:evidence_file", args=[one.file_id]) if one.file_id else "",
                        icon="download" if one.file_id else "",
                        sub=one.issuer,
                    ),
                    Cell(form_text(one.form)),
                    Cell(amount=one.amount, currency=currency),
                    Cell(amount=one.balance, currency=currency),
                    Cell(one.received_on.isoformat()),
                    Cell(one.expires_on.isoformat() if one.expires_on else ""),
                    Cell(
                        str(one.get_state_display()),
                        chip=True,
                        tone=STATES[one.state],
                        sub=one.decision_note if one.state == "refused" else "",
                    ),
                ),
                faded=one.state == "refused",
            )
            for one in found.instruments
        ),
        _("Nothing has been handed in yet"),
    )


def _movements(found: selectors.SecurityPage) -> Table:
    currency = found.contract.currency
    return Table(
        _("What became of it"),
        (Column(_("Day"), "date"), Column(_("Entry"), "main"), Column(_("Change"), "num"), Column(_("Reference"))),
        tuple(
            Row(
                (
                    Cell(entry.on.isoformat()),
                    Cell(str(entry.get_kind_display()), sub=entry.instrument.number),
                    Cell(amount=entry.change, currency=currency),
                    Cell(entry.reference),
                )
            )
            for entry in found.movements
        ),
        _("No entries yet"),
    )


def _clocks(found: selectors.SecurityPage, query: str) -> Table:
    names = {f"security-{row.pk}": row.number for row in found.instruments}
    return Table(
        _("Days that run"),
        (
            Column(_("What"), "main"),
            Column(_("Due"), "date"),
            Column(_("Safe"), "date"),
            Column(_("Done"), "date"),
            Column(_("At stake"), "num"),
        ),
        tuple(
            Row(
                (
                    Cell(
                        clock.title,
                        url=reverse(
                            "portal:obligation",
                            args=[found.obligation_ids[f"{clock.duty}/{clock.key}".rstrip("/")]],
                        )
                        + query,
                        sub=names.get(clock.key, ""),
                    ),
                    Cell(clock.on.isoformat() if clock.on else "", tone="bad" if clock.late(found.as_of) else ""),
                    Cell(clock.safe_on.isoformat() if clock.safe_on else ""),
                    Cell(clock.done_on.isoformat() if clock.done_on else ""),
                    Cell(amount=found.terms.amount, currency=found.contract.currency),
                ),
                strong=clock.late(found.as_of),
            )
            for clock in found.clocks
            if clock.kind == "contractual"
        ),
        _("No day runs for this security"),
    )


@access(GET="portal.money.read")
def security(request: HttpRequest, contract_id: int, code: str) -> HttpResponse:
    """One security as the vendor may know it: its own papers, the days that run, and what was drawn or given back."""
    viewer, page = request_viewer(request), page_date(request)
    contract = contract_by_id(contract_id, viewer=viewer)
    found = selectors.security_page(contract, code, viewer=viewer, as_of=page.as_of)
    context = {
        "contract": contract,
        "demo": contract.is_demo,
        "found": found,
        "terms": found.terms,
        "stage": stage_text(found.stage),
        "stage_tone": STAGES.get(found.stage, "info"),
        "steps": tuple(ProcessStep(label, state) for label, state in life(found.stage)),  # type: ignore[arg-type]
        "conditions": tuple(
            Condition(
                check_text(line, contract.currency),
                line.state,
                step_text(line) if line.who == "VND" else "",
                line.clause,
            )
            for line in found.checks
            if _shared(line)
        ),
        "clocks": _clocks(found, page.query),
        "instruments": _instruments(found),
        "movements": _movements(found),
        "claims": [claim for claim in found.claims if claim.delivered_on is not None],
        "may_hand_in": page.is_today and allows(viewer, "portal.security"),
    }
    return render(request, "portal/security.html", context)


@access(GET="portal.security", POST="portal.security")
def instrument_add(request: HttpRequest, contract_id: int, code: str) -> HttpResponse:
    """Hand in a security or a renewal; the buyer accepts or refuses it."""
    contract_by_id(contract_id, viewer=request_viewer(request))  # a stranger is not even told what the form lacks
    return _instrument_add(request, contract_id, code)


@idempotent
def _instrument_add(request: HttpRequest, contract_id: int, code: str) -> HttpResponse:
    viewer, page = request_viewer(request), page_date(request)
    contract = contract_by_id(contract_id, viewer=viewer)
    found = selectors.security_page(contract, code, viewer=viewer, as_of=page.today)
    renewable = {str(row.pk): row for row in found.renewable}
    form = InstrumentForm(
        request.POST or None,
        request.FILES or None,
        allowed=[(form, form_text(form)) for form in found.terms.forms],
        renewable=[(pk, row.number) for pk, row in renewable.items()],
        initial={
            "idempotency_key": form_key(request),
            "amount": found.terms.amount,
            "expires_on": found.terms.valid_until,
            "replaces": next(iter(renewable), ""),
        },
    )
    back = reverse("portal:security", args=[contract_id, code])

    def act(data: dict[str, Any]) -> str:
        data.pop("idempotency_key")
        older = renewable.get(data.pop("replaces"))
        services.instrument_submit(actor=viewer, contract=contract, security=code, replaces=older, **data)
        return back

    context = {
        "heading": _("Hand in a security"),
        "sub": found.terms.title,
        "submit": _("Hand it in"),
        "back": back,
        "multipart": True,
        "intro": _("It counts as handed in today. The buyer compares it with the original and accepts or refuses it."),
        "demo": contract.is_demo,
    }
    done = _("The security is handed in. The buyer accepts or refuses it; you see the result here.")
    return run_form(request, form=form, template="portal/form.html", context=context, act=act, done=done)
