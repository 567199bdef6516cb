"""Versions of how the contract's price is shared among its systems: proposed, then approved by another person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from accounts.policy import require
from accounts.scoping import Viewer
from billing.models import Allocation, AllocationShare
from billing.rules_allocation import shares, table_problem
from billing.services.common import actor_id, clean_note
from billing.services.quantities import lines_of, weights_of
from contracts.errors import Refused
from contracts.models import Contract, InformationSystem
from contracts.money_fields import refuse_too_large
from contracts.selectors import today_for
from contracts.services.files import Upload, evidence_add
from engine.money import LARGEST_AMOUNT, minor_units
from obligations.services.evaluation import contract_locked, facts_changed

Method = Allocation.Method
State = Allocation.State
FACTS = frozenset({"system.fee"})


@dataclass(frozen=True, slots=True)
class Part:
    """A system's part of the price, with the weight it comes from (None in an agreed table)."""

    system: InformationSystem
    weight: Decimal | None
    amount: Decimal


def systems_of(contract: Contract) -> list[InformationSystem]:
    """The contract's systems in its order: ties of a split go to the lower number."""
    return list(InformationSystem.objects.filter(contract=contract).order_by("position", "pk"))


def parts_equal(contract: Contract, systems: Sequence[InformationSystem]) -> list[Part]:
    """The price in equal parts. Raises Refused for a contract without systems."""
    if not systems:
        raise Refused(_("The contract lists no systems to share its price among."), "method")
    amounts = shares(contract.total, [Decimal(1)] * len(systems), currency=contract.currency)
    return [Part(one, Decimal(1), amount) for one, amount in zip(systems, amounts, strict=True)]


def parts_by_use(
    contract: Contract, systems: Sequence[InformationSystem], weights: Mapping[int, Decimal]
) -> list[Part]:
    """The price by what each system uses of one row (by the system's key). Raises Refused if nobody uses any."""
    each = [weights.get(one.pk, Decimal(0)) for one in systems]
    if not any(each):
        raise Refused(
            _("The ledger says of no system that it uses this row on that day. Record the quantities first."), "line"
        )
    amounts = shares(contract.total, each, currency=contract.currency)
    return [Part(*row) for row in zip(systems, each, amounts, strict=True)]


def parts_by_table(
    contract: Contract, systems: Sequence[InformationSystem], table: Mapping[str, Decimal]
) -> list[Part]:
    """The price by an agreed table (by the system's code), which must name every system once and add up exactly."""
    unknown = sorted(set(table) - {one.code for one in systems})
    if unknown:
        raise Refused(_("The contract has no system “%(code)s”.") % {"code": unknown[0][:40]}, "amounts")
    missing = next((one for one in systems if one.code not in table), None)
    if missing is not None:
        raise Refused(
            _("The table says nothing about %(system)s. Write 0 if it takes no part.") % {"system": missing.title},
            f"amount_{missing.code}",
        )
    amounts = {one.code: _amount(table[one.code], contract, one) for one in systems}
    lacking = table_problem(contract.total, amounts.values())
    if lacking:
        text = (
            _("The parts are %(amount)s short of the contract sum %(total)s.")
            if lacking > 0
            else _("The parts are %(amount)s more than the contract sum %(total)s.")
        )
        raise Refused(text % {"amount": f"{abs(lacking):,}", "total": f"{contract.total:,}"}, "amounts")
    return [Part(one, None, amounts[one.code]) for one in systems]


def _amount(amount: Decimal, contract: Contract, system: InformationSystem) -> Decimal:
    field = f"amount_{system.code}"
    try:
        value = Decimal(amount)
    except InvalidOperation as error:
        raise Refused(_("Enter the amount in figures."), field) from error
    if not value.is_finite() or value < 0:
        raise Refused(_("Enter an amount of zero or more."), field)
    refuse_too_large(value, LARGEST_AMOUNT, field)
    exponent = value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > minor_units(contract.currency):
        raise Refused(_("The amount has too many decimals. Enter it exactly."), field)
    return value


def _parts(
    contract: Contract, method: str, line: int | None, table: Mapping[str, Decimal] | None, on: date
) -> list[Part]:
    systems = systems_of(contract)
    if method == Method.EQUAL:
        return parts_equal(contract, systems)
    if method == Method.TABLE:
        return parts_by_table(contract, systems, table or {})
    if method != Method.LINE:
        raise Refused(_("Choose how the price is shared."), "method")
    if line is None or line not in lines_of(contract):
        raise Refused(_("Choose the row whose use decides the parts."), "line")
    return parts_by_use(contract, systems, weights_of(contract, line, min(on, today_for(contract))))


def allocation_propose(
    *,
    actor: Viewer,
    contract: Contract,
    method: str,
    effective_on: date,
    reason: str,
    evidence_title: str,
    reference: str = "",
    upload: Upload | None = None,
    line: int | None = None,
    table: Mapping[str, Decimal] | None = None,
) -> Allocation:
    """Propose a version: equal parts, by the use of `line` on its day, or by `table` (system's code to amount).

    The parts are worked out and kept now; later entries of the ledger do not move them. Raises Refused for a table that
    does not add up, a row nobody uses, no reason or evidence, or a day before the contract was signed.
    """
    require(actor, "allocation.propose", contract)
    why = clean_note(reason, required=_("Say why the price is shared this way: it is the base of penalties."))
    with transaction.atomic():
        locked = contract_locked(contract.pk)
        if locked.signed_on is not None and effective_on < locked.signed_on:
            raise Refused(
                _("%(day)s lies before the contract was signed (%(signed)s). Check the year.")
                % {"day": effective_on, "signed": locked.signed_on},
                "effective_on",
            )
        parts = _parts(locked, method, line, table, effective_on)
        evidence = evidence_add(
            actor=actor, contract=locked, title=evidence_title, reference=reference, upload=upload, buyer_only=True
        )
        last = Allocation.objects.filter(contract=locked).aggregate(last=Max("number"))["last"] or 0
        version = Allocation.objects.create(
            contract=locked, number=last + 1, method=method, line=line if method == Method.LINE else None,
            total=locked.total, effective_on=effective_on, reason=why, evidence=evidence,
            proposed_by_id=actor_id(actor), proposed_at=timezone.now(),
        )  # fmt: skip
        AllocationShare.objects.bulk_create(
            AllocationShare(allocation=version, system=one.system, weight=one.weight, amount=one.amount)
            for one in parts
        )
        journal.record(
            actor,
            "allocation.propose",
            version,
            chain=journal.contract_chain(locked.pk),
            after={
                "version": version.number,
                "method": version.method,
                "row": version.line,
                "effective_on": effective_on,
                "shares": {one.system.code: one.amount for one in parts},
            },
            reason=why,
        )
        return version


def allocation_decide(*, actor: Viewer, allocation: Allocation, approve: bool, note: str = "") -> Allocation:
    """Approve or reject a version; never by its proposer. From approval on it is the base of what is computed.

    Raises Refused when it is decided already, or price or systems changed since; ReauthenticationRequired when the
    manager has not proved their identity within ten minutes.
    """
    require(actor, "allocation.approve", allocation)
    needed = "" if approve else _("Say why the version is rejected.")
    remark = clean_note(note, required=needed)
    with transaction.atomic():
        contract = contract_locked(allocation.contract_id)
        locked = Allocation.objects.select_for_update(of=("self",)).get(pk=allocation.pk)
        if locked.state != State.PROPOSED:
            raise Refused(_("This version has been decided already. Reload the page."))
        if locked.proposed_by_id == actor_id(actor):
            raise Refused(_("You proposed this version; another person must decide it."))
        if approve:
            _refuse_stale(contract, locked)
        locked.state = State.APPROVED if approve else State.REJECTED
        locked.decided_by_id, locked.decided_at, locked.decision_note = actor_id(actor), timezone.now(), remark
        locked.save(update_fields=("state", "decided_by", "decided_at", "decision_note"))
        journal.record(
            actor,
            "allocation.approve" if approve else "allocation.reject",
            locked,
            chain=journal.contract_chain(contract.pk),
            before={"state": State.PROPOSED},
            after={"state": locked.state, "version": locked.number},
            reason=remark,
        )
        if approve:
            facts_changed(contract, FACTS, actor=actor, cause=f"allocation:{locked.number}")
        return locked


def _refuse_stale(contract: Contract, version: Allocation) -> None:
    systems = {one.pk for one in systems_of(contract)}
    shared = {row.system_id: row.amount for row in version.shares.all()}
    if version.total != contract.total or sum(shared.values()) != contract.total or set(shared) != systems:
        raise Refused(_("The contract's sum or systems changed since this was proposed. Propose it anew."))
