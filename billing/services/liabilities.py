"""What the vendor owes: opened once under the key of whoever decided it, adjusted by recorded differences."""

from __future__ import annotations

from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from accounts.policy import require
from accounts.scoping import Viewer
from billing.models import Liability, LiabilityChange
from billing.services.common import actor_id, clean_amount, clean_note, clean_text
from contracts.errors import Refused
from contracts.models import Contract
from obligations.services.evaluation import contract_locked


def liability_open(
    *,
    actor: Viewer,
    contract: Contract,
    source_key: str,
    title: str,
    clause: str,
    amount: Decimal,
    note: str = "",
    deductible: bool = True,
) -> Liability:
    """Record a decided amount the vendor owes, under the key of its source; opening the same key again returns what is
    there. `deductible=False`: the contract gives no right to deduct it from an instalment, it is claimed on its own.

    Raises Refused without title or clause, for an amount that is not positive, or when the key stands for another
    amount (adjust that one instead).
    """
    require(actor, "liability.open", contract)
    with transaction.atomic():
        locked = contract_locked(contract.pk)
        value = clean_amount(amount, contract=locked)
        key = source_key.strip()
        if not key or len(key) > 160:
            raise Refused(_("Name the source of the liability in at most 160 characters."), "source_key")
        found: Liability | None = Liability.objects.filter(contract=locked, source_key=key).first()
        if found is None:
            try:
                with transaction.atomic():
                    created = Liability.objects.create(
                        contract=locked,
                        source_key=key,
                        title=clean_text(title, "title", _("Say what the amount is owed for.")),
                        clause=clean_text(clause, "clause", _("Name the clause the amount rests on.")),
                        amount=value,
                        note=clean_note(note),
                        deductible=deductible,
                        opened_by_id=actor_id(actor),
                        opened_at=timezone.now(),
                    )
            except IntegrityError:
                found = Liability.objects.get(contract=locked, source_key=key)
            else:
                journal.record(
                    actor,
                    "liability.open",
                    created,
                    chain=journal.contract_chain(locked.pk),
                    after={"source_key": key, "amount": value, "clause": created.clause, "deductible": deductible},
                    reason=created.note,
                )
                return created
        if found.amount != value:
            raise Refused(
                _("%(title)s is recorded with %(amount)s. Adjust it instead of opening it again.")
                % {"title": found.title, "amount": found.amount},
                "amount",
            )
        return found


def liability_adjust(*, actor: Viewer, liability: Liability, amount: Decimal, note: str) -> Liability:
    """Set a liability to another total, zero included; the difference is kept as a row of its own. The same total again
    changes nothing. Raises Refused without a reason or below what has been deducted, claimed and drawn: reverse those
    first."""
    require(actor, "liability.open", liability)
    reason = clean_note(note, required=_("Say why the amount changes: it is kept with the difference."))
    with transaction.atomic():
        locked = liability_locked(liability)
        value = clean_amount(amount, contract=locked.contract, zero=True)
        settled = locked.deducted + locked.claimed + locked.drawn
        if value < settled:
            raise Refused(
                _("%(settled)s of it is settled already. Reverse that first, then lower the amount.")
                % {"settled": settled},
                "amount",
            )
        if value == locked.amount:
            return locked
        difference = value - locked.amount
        change = LiabilityChange.objects.create(
            contract=locked.contract,
            liability=locked,
            amount=difference,
            note=reason,
            changed_by_id=actor_id(actor),
            changed_at=timezone.now(),
        )
        before = locked.amount
        locked.amount = value
        locked.save(update_fields=("amount",))
        journal.record(
            actor,
            "liability.adjust",
            locked,
            chain=journal.contract_chain(locked.contract_id),
            before={"amount": before},
            after={"amount": value, "change": change.pk},
            reason=reason,
        )
        return locked


def liability_locked(liability: Liability) -> Liability:
    """The liability, locked after its contract until the transaction ends."""
    contract = contract_locked(liability.contract_id)
    locked: Liability = Liability.objects.select_for_update(of=("self",)).get(pk=liability.pk)
    locked.contract = contract
    return locked


def liability_room(liability: Liability) -> Decimal:
    """What of the liability is neither deducted, claimed nor drawn."""
    room: Decimal = liability.amount - liability.deducted - liability.claimed - liability.drawn
    return room


def settle_from(liability: Liability, column: str, amount: Decimal) -> None:
    """Move a running sum ("deducted", "claimed" or "drawn") of a locked liability; negative takes back. Raises Refused
    when all sources together would exceed it: the database holds the same limit."""
    if amount > liability_room(liability):
        raise Refused(
            _("%(amount)s is more than what is left of the liability (%(left)s).")
            % {"amount": amount, "left": liability_room(liability)},
            "amount",
        )
    setattr(liability, column, getattr(liability, column) + amount)
    liability.save(update_fields=(column,))


def liability_draw(liability: Liability, amount: Decimal) -> Liability:
    """Count a draw on the security towards the liability, in the caller's transaction; negative: less is drawn than was
    set aside, the draw is undone, or its money went back. The one way from a security to a liability: the caller checks
    the right and records the draw itself. Raises Refused above what is left."""
    locked = liability_locked(liability)
    settle_from(locked, "drawn", amount)
    return locked
