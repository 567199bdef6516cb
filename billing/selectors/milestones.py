"""One milestone, one invoice, one application: everything their pages show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from accounts.policy import NotVisible, allows, proven, require
from accounts.scoping import Viewer
from billing.models import Invoice, Milestone, Payment, PaymentApplication
from billing.rules import SETTLED, gate
from billing.selectors.beside import (
    Due,
    HoldView,
    beside_of,
    due_of,
    dues_on,
    guarantee_known,
    hold_view,
    last_hold,
)
from billing.selectors.gates import GateView, gate_view, known_of, missing_titles
from billing.selectors.settlement import Waterfall, settlement_of, waterfall_of
from billing.terms import MoneyTerms, PayeeAccount, money_terms
from contracts.models import Contract
from contracts.selectors import definition_for
from contracts.selectors.definitions import keep_version_key, version_key
from contracts.wording import sentences
from engine.derivation import Step
from obligations.models import DueVersion


@dataclass(frozen=True, slots=True)
class DueView:
    """A deadline with the sentences that derive it. `state` as in rules.md: known, provisional, pending, never."""

    state: str
    on: date | None
    safe_on: date | None
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContractMoney:
    """The contract sum and what has been paid of it."""

    total: Decimal
    paid: Decimal

    @property
    def outstanding(self) -> Decimal:
        return self.total - self.paid


@dataclass(frozen=True, slots=True)
class MilestonePage:
    """`applications` is empty for people outside the buyer's party; `may` holds the actions open to the viewer now;
    `hold` is the last fiscal hold known on the day."""

    milestone: Milestone
    contract: Contract
    gate: GateView
    due: DueView
    payee: PayeeAccount
    invoices: tuple[Invoice, ...]
    applications: tuple[PaymentApplication, ...]
    may: frozenset[str]
    waterfall: Waterfall
    hold: HoldView | None
    terms: MoneyTerms


@dataclass(frozen=True, slots=True)
class ApplicationPage:
    application: PaymentApplication
    page: MilestonePage
    invoices: tuple[Invoice, ...]
    may_decide: bool
    may_post: bool


def _not_visible() -> NotVisible:
    return NotVisible(_("This does not exist, or is not yours to see."))


def milestone_get(pk: int, *, viewer: Viewer) -> Milestone:
    """A milestone with its contract and obligation. Raises NotVisible."""
    require(viewer, "milestone.read")
    found = Milestone.objects.visible_to(viewer).select_related("contract", "obligation").filter(pk=pk).first()
    if found is None:
        raise _not_visible()
    return found


def milestones_of(contract: Contract, *, viewer: Viewer) -> list[Milestone]:
    """A contract's milestones in the order of the contract, each with contract and obligation. One query."""
    require(viewer, "milestone.read")
    rows = Milestone.objects.visible_to(viewer).select_related("contract", "obligation")
    return list(rows.filter(contract=contract).order_by("position"))


def milestone_of_obligation(obligation_id: int, *, viewer: Viewer) -> int | None:
    """The id of the milestone whose payment the obligation is; None if it is none, or not the viewer's to see."""
    if not allows(viewer, "milestone.read"):
        return None
    found: int | None = (
        Milestone.objects.visible_to(viewer).filter(obligation_id=obligation_id).values_list("pk", flat=True).first()
    )
    return found


def invoice_get(pk: int, *, viewer: Viewer) -> Invoice:
    """An invoice with its milestone, contract, file and people. Raises NotVisible."""
    require(viewer, "milestone.read")
    rows = Invoice.objects.visible_to(viewer).select_related(
        "milestone",
        "milestone__obligation",
        "contract__buyer",
        "contract__vendor",
        "file",
        "submitted_by",
        "checked_by",
        "original",
    )
    found = rows.filter(pk=pk).first()
    if found is None:
        raise _not_visible()
    return found


def contract_money(contract: Contract, *, as_of: date) -> ContractMoney:
    """What has been paid under the contract up to and including a day."""
    amounts = Payment.objects.filter(contract=contract, paid_on__lte=as_of).values_list("amount", flat=True)
    # Added here, not in SQL: SQLite adds decimals as binary fractions.
    return ContractMoney(total=contract.total, paid=sum(amounts, Decimal("0.00")))


def due_view(milestone: Milestone) -> DueView:
    """The milestone's current deadline, explained in the active language."""
    obligation = milestone.obligation
    version = DueVersion.objects.filter(obligation=obligation, number=obligation.due_number).first()
    steps: list[dict[str, Any]] = version.derivation if version else []
    return _due_view(milestone, due_of(milestone), [Step.from_json(step) for step in steps])


def _due_view(milestone: Milestone, due: Due, derivation: Sequence[Step]) -> DueView:
    return DueView(due.state, due.on, due.safe_on, sentences(derivation, definition_for(milestone.contract)))


def _may(viewer: Viewer, state: str, *, to_invoice: Decimal, available: Decimal) -> frozenset[str]:
    open_now = {"invoice.check", "payment.approve", "payment.post", "document.issue"}
    if to_invoice > 0:
        open_now |= {"invoice.add", "invoice.enter"}
    if state == "payable" and available > 0:
        open_now.add("payment.apply")
    if state not in SETTLED:
        open_now |= {"hold.keep", "deduction.add"}
    return frozenset(action for action in open_now if allows(viewer, action))


def _with_due_and_hold(*, viewer: Viewer, **which: int) -> tuple[Milestone, list[Step], HoldView | None]:
    """The milestone with its contract and parties, how its deadline comes about, and its last hold. One query."""
    require(viewer, "milestone.read")
    current = DueVersion.objects.filter(obligation=OuterRef("obligation_id"), number=OuterRef("obligation__due_number"))
    rows = Milestone.objects.visible_to(viewer).select_related(
        "contract", "contract__buyer", "contract__vendor", "obligation"
    )
    found = (
        rows.annotate(
            derivation=Subquery(current.values("derivation")[:1]), last_hold=last_hold(), **version_key("contract_id")
        )
        .filter(**which)
        .first()
    )
    if found is None:
        raise _not_visible()
    keep_version_key(found.contract, found)
    steps: list[dict[str, Any]] = found.derivation or []
    return found, [Step.from_json(step) for step in steps], hold_view(found.last_hold)


def milestone_page(pk: int, *, viewer: Viewer, as_of: date) -> MilestonePage:
    """Everything the milestone's page shows, on a day: deadline, invoices, money and hold as of then.

    Six queries; on a past day five more, for the deadline as it stood. Raises NotVisible.
    """
    return _page(viewer=viewer, as_of=as_of, pk=pk)


def _page(*, viewer: Viewer, as_of: date, **which: int) -> MilestonePage:
    milestone, derivation, hold = _with_due_and_hold(viewer=viewer, **which)
    contract = milestone.contract
    terms = money_terms(contract)
    invoices = list(
        Invoice.objects.visible_to(viewer)
        .filter(milestone=milestone)
        .select_related("file", "submitted_by", "checked_by", "original")
        .order_by("pk")
    )
    applications = list(
        PaymentApplication.objects.filter(milestone=milestone)
        .select_related("payment", "payment__reversed_by", "applied_by", "decided_by")
        .order_by("pk")
    )
    for row in (*invoices, *applications):
        row.contract = contract  # whose currency their amounts are in, without asking again
    deductions, liabilities = settlement_of(milestone, viewer=viewer, as_of=as_of)
    due = dues_on(contract, [milestone], as_of=as_of).get(milestone.pk)
    beside = beside_of(
        milestone,
        as_of=as_of,
        deductions=[(row.on, row.amount) for row in deductions],
        hold=hold,
        terms=terms,
        undeducted=sum((row.open for row in liabilities if row.deductible), Decimal(0)),
        guarantee=guarantee_known(contract, terms.security, as_of=as_of),
        due=due,
    )
    known = known_of(
        milestone,
        invoices=invoices,
        applications=applications,
        as_of=as_of,
        beside=beside,
        terms=terms,
        missing=missing_titles(milestone, terms),
    )
    view = gate_view(gate(known), currency=contract.currency)
    claimed = sum((row.amount for row in invoices if row.state != Invoice.State.REJECTED), Decimal(0))
    inside = viewer.kind == "buyer" or viewer.is_system
    return MilestonePage(
        milestone=milestone,
        contract=contract,
        gate=view,
        due=_due_view(milestone, due or due_of(milestone), derivation if due is None else due.derivation),
        payee=terms.payee,
        invoices=tuple(reversed(invoices)),
        applications=tuple(reversed(applications)) if inside else (),
        may=_may(viewer, view.state, to_invoice=milestone.amount - claimed, available=view.gate.available),
        waterfall=waterfall_of(
            milestone,
            paid=view.gate.paid,
            deductions=deductions,
            liabilities=liabilities,
            frozen=beside.frozen if inside else Decimal(0),
        ),
        hold=hold if hold is not None and hold.known_on <= as_of else None,
        terms=terms,
    )


def application_page(pk: int, *, viewer: Viewer, as_of: date) -> ApplicationPage:
    """A payment application with its milestone's page. Raises NotVisible."""
    require(viewer, "payment.read")
    page = _page(viewer=viewer, as_of=as_of, applications=pk)
    found = next((row for row in page.applications if row.pk == pk), None)
    if found is None:
        raise _not_visible()
    found.milestone, found.contract = page.milestone, page.contract
    proven(viewer, found)
    return ApplicationPage(
        application=found,
        page=page,
        invoices=tuple(found.invoices.order_by("pk")),
        may_decide=found.state == "applied"
        and allows(viewer, "payment.approve")
        and found.applied_by_id != viewer.user_id,
        may_post=found.state == "approved" and allows(viewer, "payment.post"),
    )
