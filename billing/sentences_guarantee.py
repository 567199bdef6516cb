"""The words for the codes of billing.rules_guarantee, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from billing.rules_guarantee import Check
from billing.sentences import shown

FORMS: dict[str, str] = {
    "bank_guarantee": gettext_noop("Bank guarantee"),
    "surety": gettext_noop("Surety bond"),
    "insurance": gettext_noop("Insurance"),
    "cash": gettext_noop("Cash"),
    "deposit": gettext_noop("Deposit"),
    "retention": gettext_noop("Retention"),
    "draft": gettext_noop("Bank draft"),
    "cheque": gettext_noop("Cheque"),
    "promissory_note": gettext_noop("Promissory note"),
}

STAGES: dict[str, str] = {
    "due": gettext_noop("To be handed in"),
    "handed_in": gettext_noop("Waiting to be accepted"),
    "in_force": gettext_noop("In force"),
    "renewal": gettext_noop("To be renewed"),
    "ended": gettext_noop("Run out"),
    "claim": gettext_noop("Claim under way"),
    "refund": gettext_noop("To be given back"),
    "returned": gettext_noop("Given back"),
}

CHECKS: dict[str, str] = {
    "waiting": gettext_noop("Handed in and waiting to be accepted (%(count)s)"),
    "not_handed_in": gettext_noop("Nothing has been handed in yet"),
    "overdue": gettext_noop("Was to be handed in by %(on)s (%(days)s days overdue); the contract names no late fee"),
    "handed_in": gettext_noop("Handed in on %(on)s and accepted"),
    "handed_in_late": gettext_noop("Handed in %(days)s days after %(on)s; the contract names no late fee for this"),
    "form_fits": gettext_noop("The form is one the contract allows: %(form)s"),
    "form_cash": gettext_noop("%(form)s: the contract allows it, procurement rules ask for another form; get advice"),
    "form_unknown": gettext_noop("The contract does not name this form: %(form)s"),
    "amount_fits": gettext_noop("The amount is the one the contract asks for (%(given)s)"),
    "amount_printed": gettext_noop(
        "The amount is the one printed in the contract (%(given)s); the exact share is %(exact)s, %(difference)s less"
    ),
    "amount_short": gettext_noop("%(given)s was given, %(required)s is asked for"),
    "branch_unproved": gettext_noop("Issued by a branch without its bank's authorisation (%(count)s)"),
    "validity_whole": gettext_noop("It covers every day until %(until)s"),
    "validity_gap": gettext_noop("Nothing covers %(first)s to %(last)s; it is owed until %(until)s"),
    "renewed": gettext_noop("Renewed on %(done)s (by %(on)s)"),
    "renewed_late": gettext_noop("Renewed %(days)s days after %(on)s: a late fee follows"),
    "renewal_overdue": gettext_noop(
        "Was to be renewed by %(on)s (%(days)s days overdue): a late fee follows, and the whole may be called in"
    ),
    "renewal_runs": gettext_noop("To be renewed by %(on)s; %(safe)s is right under every reading"),
    "paper_cashed": gettext_noop("The paper was cashed on %(on)s"),
    "paper_runs": gettext_noop("The paper matures too early: cash it by %(on)s (internal target)"),
    "paper_missed": gettext_noop("The internal target for cashing the paper has passed (%(on)s)"),
    "claims_open": gettext_noop("Claims under way: %(count)s; until they are completed nothing is given back"),
    "refund_later": gettext_noop("To be given back by %(on)s, without interest; acceptance is no condition"),
    "refund_runs": gettext_noop("To be given back by %(on)s, without interest; acceptance is no condition"),
    "refund_overdue": gettext_noop("Was to be given back by %(on)s (%(days)s days overdue)"),
    "refund_waits": gettext_noop("The day of giving back waits for the completion of a claim"),
    "returned": gettext_noop("Nothing is held any more"),
}

STEPS: dict[str, str] = {
    "decide": gettext_noop("accept or refuse it"),
    "decide_form": gettext_noop("decide whether the form is accepted"),
    "hand_in": gettext_noop("hand in the security"),
    "authorise": gettext_noop("hand it in with the authorisation"),
    "renew": gettext_noop("hand in a renewal without a gap"),
    "late_fee": gettext_noop("look at the late fee"),
    "draw_all": gettext_noop("look at the late fee; decide whether to call in the whole"),
    "cash": gettext_noop("have the paper cashed and record it"),
    "close_claims": gettext_noop("record the completion of the claim"),
    "give_back": gettext_noop("give it back and record it; another person approves"),
}

ROLES: dict[str, str] = {
    "IT": gettext_noop("Buyer IT"),
    "FIN": gettext_noop("Finance"),
    "MGR": gettext_noop("Manager"),
    "VND": gettext_noop("Vendor"),
}

WHY: dict[str, str] = {
    "received": gettext_noop("%(name)s begins to secure"),
    "ended": gettext_noop("%(name)s secures no longer"),
    "replaced": gettext_noop("%(name)s is replaced"),
    "drawn": gettext_noop("%(name)s goes down: drawn or given back"),
    "paid": gettext_noop("%(name)s paid"),
    "planned": gettext_noop("%(name)s due to be paid"),
    "accepted": gettext_noop("The work is accepted"),
}


def form_text(form: str) -> str:
    """A form of security in words; one without words is shown by its name."""
    return _(FORMS[form]) if form in FORMS else form


def stage_text(stage: str) -> str:
    """Where a security stands, in words."""
    return _(STAGES[stage])


def _shown(name: str, value: Any, currency: str) -> str:
    if name == "form":
        return form_text(str(value))
    if value is None:
        return "—"
    # A rate of the price has more digits than it needs.
    return shown(value.normalize() if isinstance(value, Decimal) else value, currency)


def check_text(check: Check, currency: str) -> str:
    """What is the case with one condition; amounts in the contract's currency."""
    return _(CHECKS[check.code]) % {name: _shown(name, value, currency) for name, value in check.params.items()}


def step_text(check: Check) -> str:
    """Who does what next; empty when nothing is to be done."""
    if not check.step:
        return ""
    if not check.who:
        return _(STEPS[check.step])
    return _("%(who)s: %(step)s") % {"who": _(ROLES[check.who]), "step": _(STEPS[check.step])}


def why_text(why: tuple[str, str]) -> str:
    """What changes the coverage on a day."""
    code, name = why
    return _(WHY[code]) % {"name": name}


# Stations beside the way from handing in to giving back.
BESIDE = frozenset({"renewal", "ended", "claim"})


def life(stage: str) -> tuple[tuple[str, str], ...]:
    """The stations of a security's life, each done, current or todo. Running out, an unfinished renewal and a claim are
    stations most never come to: they are shown only while they last."""
    names: Mapping[str, str] = {
        "due": _("To be handed in"),
        "in_force": _("Given"),
        "renewal": _("Renewal"),
        "ended": _("Validity over"),
        "claim": _("Claim under way"),
        "refund": _("Giving back"),
        "returned": _("Given back"),
    }
    now = "due" if stage == "handed_in" else stage
    order = [name for name in names if name not in BESIDE or name == now]
    at = len(order) if stage == "returned" else order.index(now)
    return tuple(
        (names[name], "done" if position < at else "current" if position == at else "todo")
        for position, name in enumerate(order)
    )
