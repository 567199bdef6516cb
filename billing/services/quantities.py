"""The ledger of who uses how much of which priced row. Entries never change the price (register D-49)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from accounts.policy import require
from accounts.scoping import Viewer
from billing.models import SystemUse
from billing.rules_allocation import Change, balance_range
from billing.services.common import actor_id, clean_note
from contracts.errors import Refused
from contracts.models import Contract, DefinitionVersion, Evidence, InformationSystem, LineItem
from contracts.money_fields import refuse_too_large
from contracts.selectors import today_for
from contracts.services.files import Upload, evidence_add
from contracts.spreadsheets import RowProblem, RowsRefused
from engine.money import LARGEST_QUANTITY
from obligations.services.evaluation import contract_locked

PLACES = 4


@dataclass(frozen=True, slots=True)
class Target:
    """What a filled-in table says: from the day on `system` uses `quantity` of `line`. `row` is where it stands."""

    row: int
    line: int
    system: str
    quantity: Decimal


def lines_of(contract: Contract) -> dict[int, LineItem]:
    """The rows of the version in force, by number."""
    rows = LineItem.objects.filter(contract=contract, version__state=DefinitionVersion.State.ACTIVE)
    return {row.number: row for row in rows.order_by("number")}


def clean_effective(contract: Contract, day: date) -> date:
    """A day from which something was so: not before the contract was signed, not in the future."""
    if contract.signed_on is not None and day < contract.signed_on:
        raise Refused(
            _("%(day)s lies before the contract was signed (%(signed)s). Check the year.")
            % {"day": day, "signed": contract.signed_on},
            "effective_on",
        )
    if day > today_for(contract):
        raise Refused(
            _("%(day)s is in the future. Enter the change once it is in effect.") % {"day": day}, "effective_on"
        )
    return day


def clean_quantity(quantity: Decimal) -> Decimal:
    """A change of a quantity: any sign, not zero, at most four decimals and the largest that is kept exactly."""
    try:
        value = Decimal(quantity)
    except InvalidOperation as error:
        raise Refused(_("Enter the quantity in figures."), "quantity") from error
    if not value.is_finite():
        raise Refused(_("Enter the quantity in figures."), "quantity")
    refuse_too_large(value, LARGEST_QUANTITY, "quantity")
    if value == 0:
        raise Refused(_("A change of zero changes nothing. Enter how much more, or less, is used."), "quantity")
    exponent = value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > PLACES:
        raise Refused(_("The quantity has more than four decimals. Enter it exactly."), "quantity")
    return value


def balances(contract: Contract, on: date) -> dict[tuple[int, int], Decimal]:
    """What is used on a day, by (row, system's key); pairs without an entry are left out."""
    rows: QuerySet[Any] = SystemUse.objects.filter(contract=contract, effective_on__lte=on).order_by()
    return {
        (line, system): used for line, system, used in rows.values_list("line", "system_id").annotate(Sum("quantity"))
    }


def _refuse_impossible(contract: Contract, pairs: Sequence[tuple[int, InformationSystem]]) -> None:
    """Nobody uses less than nothing on any day, nor more than can be kept. Raises Refused naming the pair and day."""
    changes: dict[tuple[int, int], list[Change]] = {}
    rows = SystemUse.objects.filter(contract=contract, line__in={line for line, _system in pairs}).order_by()
    for line, system, on, quantity in rows.values_list("line", "system_id", "effective_on", "quantity"):
        changes.setdefault((line, system), []).append(Change(on, quantity))
    for line, one in pairs:
        ends = balance_range(changes.get((line, one.pk), ()))
        if ends is None:
            continue
        (day, left), (_day, most) = ends
        if left < 0:
            raise Refused(
                _("%(system)s would use %(left)s of row %(line)s on %(day)s: less than nothing. Check the ledger.")
                % {"system": one.title, "left": f"{left.normalize():f}", "line": line, "day": day},
                "quantity",
            )
        refuse_too_large(most, LARGEST_QUANTITY, "quantity")


def use_record(
    *,
    actor: Viewer,
    contract: Contract,
    line: int,
    system: str,
    quantity: Decimal,
    effective_on: date,
    evidence_title: str,
    reference: str = "",
    upload: Upload | None = None,
    note: str = "",
) -> SystemUse:
    """Enter that from a day on a system (by its code) uses so much more of a row, or less if negative.

    Raises Refused for an unknown row or system, a change of zero, a day outside the contract, no evidence, or if the
    system would use less than nothing on any day. Using more than the contract lists is no error: it is shown.
    """
    require(actor, "quantity.record", contract)
    value, remark = clean_quantity(quantity), clean_note(note)
    with transaction.atomic():
        locked = contract_locked(contract.pk)
        clean_effective(locked, effective_on)
        if line not in lines_of(locked):
            raise Refused(_("The contract has no row %(number)s.") % {"number": line}, "line")
        found = InformationSystem.objects.filter(contract=locked, code=system).first()
        if found is None:
            raise Refused(_("The contract has no system “%(code)s”.") % {"code": system[:40]}, "system")
        evidence = evidence_add(
            actor=actor, contract=locked, title=evidence_title, reference=reference, upload=upload, buyer_only=True
        )
        entry = SystemUse.objects.create(
            contract=locked, line=line, system=found, quantity=value, effective_on=effective_on, evidence=evidence,
            note=remark, recorded_by_id=actor_id(actor), recorded_at=timezone.now(),
        )  # fmt: skip
        _refuse_impossible(locked, [(line, found)])
        _journal(actor, entry, found, "quantity.record", remark)
        return entry


def use_reverse(*, actor: Viewer, entry: SystemUse, note: str) -> SystemUse:
    """Take back a mistaken entry by a counter-entry of the same day; both stay. Raises Refused without a reason, for an
    entry taken back already, a counter-entry, or if what is left would be less than nothing."""
    require(actor, "quantity.record", entry)
    reason = clean_note(note, required=_("Say what was wrong with the entry."))
    with transaction.atomic():
        locked = contract_locked(entry.contract_id)
        wrong = SystemUse.objects.select_related("system").get(pk=entry.pk)
        if wrong.corrects_id is not None:
            raise Refused(_("This is a counter-entry itself. Enter what is right as a new entry."))
        if SystemUse.objects.filter(corrects=wrong).exists():
            raise Refused(_("This entry has been taken back already. Reload the page."))
        counter = SystemUse.objects.create(
            contract=locked, line=wrong.line, system=wrong.system, quantity=-wrong.quantity, note=reason,
            effective_on=wrong.effective_on, evidence_id=wrong.evidence_id, corrects=wrong,
            recorded_by_id=actor_id(actor), recorded_at=timezone.now(),
        )  # fmt: skip
        _refuse_impossible(locked, [(wrong.line, wrong.system)])
        _journal(actor, counter, wrong.system, "quantity.reverse", reason)
        return counter


def _journal(actor: Viewer, entry: SystemUse, system: InformationSystem, action: str, reason: str) -> None:
    journal.record(
        actor,
        action,
        entry,
        chain=journal.contract_chain(entry.contract_id),
        after={
            "row": entry.line,
            "system": system.code,
            "quantity": entry.quantity,
            "effective_on": entry.effective_on,
            "evidence": entry.evidence_id,
            "corrects": entry.corrects_id,
        },
        reason=reason,
    )


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """What an import would enter: the change that leads from what is used now to what the table says."""

    line: int
    system: InformationSystem
    before: Decimal
    after: Decimal


def uses_plan(*, viewer: Viewer, contract: Contract, targets: Sequence[Target], on: date) -> list[PlannedChange]:
    """What `uses_import` would enter; writes nothing. Pairs that stay as they are are left out.

    Raises RowsRefused with every faulty row: an unknown row or system, or one pair twice.
    """
    require(viewer, "quantity.record", contract)
    clean_effective(contract, on)
    lines = lines_of(contract)
    systems = {row.code: row for row in InformationSystem.objects.filter(contract=contract)}
    used = balances(contract, on)
    problems: list[RowProblem] = []
    planned: list[PlannedChange] = []
    seen: dict[tuple[int, str], int] = {}
    for target in targets:
        found = systems.get(target.system)
        if target.line not in lines:
            problems.append(RowProblem(target.row, _("the contract has no row %(number)s.") % {"number": target.line}))
        elif found is None:
            problems.append(
                RowProblem(target.row, _("the contract has no system “%(code)s”.") % {"code": target.system[:40]})
            )
        elif (target.line, target.system) in seen:
            problems.append(
                RowProblem(
                    target.row,
                    _("row %(number)s of the contract stands in row %(first)s already.")
                    % {"number": target.line, "first": seen[target.line, target.system]},
                )
            )
        else:
            seen[target.line, target.system] = target.row
            before = used.get((target.line, found.pk), Decimal(0))
            if before != target.quantity:
                planned.append(PlannedChange(target.line, found, before, target.quantity))
    if problems:
        raise RowsRefused(list({(one.number, one.text): one for one in problems}.values()))
    return planned


def uses_import(
    *,
    actor: Viewer,
    contract: Contract,
    targets: Sequence[Target],
    on: date,
    title: str,
    reference: str,
    note: str = "",
) -> list[SystemUse]:
    """Enter what a table says is used from a day on, as changes of what is used now: every row, or none.

    Raises RowsRefused for faulty rows, Refused if nothing would change, without evidence, or if a system would use less
    than nothing on a later day.
    """
    require(actor, "quantity.record", contract)
    remark = clean_note(note)
    with transaction.atomic():
        locked = contract_locked(contract.pk)
        planned = uses_plan(viewer=actor, contract=locked, targets=targets, on=on)
        if not planned:
            raise Refused(_("The table says what the ledger says already: nothing was entered."), "upload")
        evidence: Evidence = evidence_add(
            actor=actor, contract=locked, title=title, reference=reference, buyer_only=True
        )
        now = timezone.now()
        entries = SystemUse.objects.bulk_create(
            SystemUse(
                contract=locked, line=one.line, system=one.system, quantity=one.after - one.before, effective_on=on,
                evidence=evidence, note=remark, recorded_by_id=actor_id(actor), recorded_at=now,
            )
            for one in planned
        )  # fmt: skip
        _refuse_impossible(locked, [(one.line, one.system) for one in planned])
        journal.record(
            actor,
            "quantity.import",
            locked,
            chain=journal.contract_chain(locked.pk),
            after={
                "effective_on": on,
                "count": len(entries),
                "evidence": evidence.pk,
                "changes": [[one.line, one.system.code, one.before, one.after] for one in planned],
            },
            reason=remark,
        )
        return entries


def weights_of(contract: Contract, line: int, on: date) -> Mapping[int, Decimal]:
    """What each system uses of a row on a day, by the system's key."""
    return {system: used for (number, system), used in balances(contract, on).items() if number == line}
