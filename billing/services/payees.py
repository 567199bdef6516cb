"""Another account to pay to: on the vendor's letter, proposed by finance, confirmed by the manager."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from accounts.policy import require
from accounts.scoping import Viewer
from billing.models import PayeeChange
from billing.services.common import actor_id, clean_note, clean_reference, clean_text
from billing.terms import masked
from contracts.errors import Refused
from contracts.models import Contract
from contracts.services.files import Upload, file_store
from obligations.services.evaluation import contract_locked

State = PayeeChange.State


def payee_propose(
    *, actor: Viewer, contract: Contract, name: str, bank: str, account: str, letter: Upload, reason: str
) -> PayeeChange:
    """Propose another account to pay to, with the vendor's letter; nothing is applied for until it is decided. Raises
    Refused without reason or letter, for a malformed account, or while another change waits."""
    require(actor, "payee.propose", contract)
    words = clean_note(reason, required=_("Say how the change came in and how it was verified."))
    number = clean_reference(account)
    if not (number.isalnum() and number.isascii() and 8 <= len(number) <= 60):
        raise Refused(_("Enter the account number as printed: 8 to 60 digits or letters."), "account")
    with transaction.atomic():
        locked = contract_locked(contract.pk)
        stored = file_store(actor=actor, contract=locked, upload=letter, buyer_only=True)
        try:
            with transaction.atomic():
                change = PayeeChange.objects.create(
                    contract=locked,
                    name=clean_text(name, "name", _("Enter the account holder."), 200),
                    bank=clean_text(bank, "bank", _("Enter the bank."), 200),
                    account=number,
                    letter=stored,
                    reason=words,
                    proposed_by_id=actor_id(actor),
                    proposed_at=timezone.now(),
                )
        except IntegrityError as error:
            raise Refused(_("A change of the account waits to be decided already. Decide that one first.")) from error
        journal.record(
            actor,
            "payee.propose",
            change,
            chain=journal.contract_chain(locked.pk),
            after={"name": change.name, "bank": change.bank, "account": masked(number), "letter": stored.sha256},
            reason=words,
        )
        return change


def payee_decide(*, actor: Viewer, change: PayeeChange, confirm: bool, note: str = "") -> PayeeChange:
    """Confirm or reject a change of account; never by whoever proposed it. Confirmed, it is the account in force; an
    application under way keeps its own snapshot and can no longer be approved. Raises Refused, and
    ReauthenticationRequired."""
    require(actor, "payee.confirm", change)
    needed = "" if confirm else _("Say why the change is rejected.")
    reason = clean_note(note, required=needed)
    with transaction.atomic():
        contract_locked(change.contract_id)
        row = PayeeChange.objects.select_for_update(of=("self",)).get(pk=change.pk)
        if row.state != State.PROPOSED:
            raise Refused(_("This change has been decided already. Load the page to see by whom."))
        if row.proposed_by_id == actor_id(actor):
            raise Refused(_("You proposed this change. Somebody else must decide it."))
        row.state = State.CONFIRMED if confirm else State.REJECTED
        row.decided_by_id, row.decided_at, row.decision_note = actor_id(actor), timezone.now(), reason
        row.save(update_fields=("state", "decided_by", "decided_at", "decision_note"))
        journal.record(
            actor,
            "payee.confirm" if confirm else "payee.reject",
            row,
            chain=journal.contract_chain(row.contract_id),
            before={"state": State.PROPOSED},
            after={"state": row.state, "account": masked(row.account)},
            reason=reason,
        )
        return row
