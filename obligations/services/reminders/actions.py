"""What people do about reminders by hand: chase (催办), hand over (转办), acknowledge."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from accounts.models import User
from accounts.policy import require
from accounts.scoping import BUSINESS_ROLES, Viewer, viewer_for
from contracts.errors import Refused
from contracts.models import Contract
from obligations.models import Acknowledgement, Notification, Obligation, ReminderStep
from obligations.services.reminders.audience import audience_sync
from obligations.services.reminders.messages import base_params
from obligations.services.reminders.planning import plan_reminders
from obligations.services.reminders.queue import sweep_soon
from obligations.services.reminders.schedule import MANUAL


def _locked(obligation: Obligation) -> Obligation:
    row: Obligation = (
        Obligation.objects.select_related("contract").select_for_update(of=("self",)).get(pk=obligation.pk)
    )
    if row.state != Obligation.State.OPEN:
        raise Refused(_("This obligation is not open: there is nothing left to act on. Reload the page."))
    return row


def owing_parties(obligation: Obligation) -> frozenset[int]:
    """The parties whose people act on the obligation; a third party's duty is looked after by the buyer."""
    contract = obligation.contract
    return frozenset(
        {
            "buyer": {contract.buyer_id},
            "vendor": {contract.vendor_id},
            "both": {contract.buyer_id, contract.vendor_id},
        }.get(obligation.obligor, {contract.buyer_id})
    )


def _require_owing(actor: Viewer, obligation: Obligation) -> None:
    if not actor.is_system and actor.party_id not in owing_parties(obligation):
        raise Refused(_("Only the party that owes this decides who handles it. Send them a reminder instead."))


@transaction.atomic
def chase(*, actor: Viewer, obligation: Obligation, note: str = "", now: datetime | None = None) -> ReminderStep:
    """Remind the people responsible now, outside the plan and the working hours. Twice in a minute is once.

    Raises Refused for an obligation that is not open.
    """
    require(actor, "obligation.chase", obligation)
    row = _locked(obligation)
    moment = now or timezone.now()
    audience_sync([row.contract], codes=[row.policy])
    step, _created = ReminderStep.objects.get_or_create(
        obligation=row,
        due_number=row.due_number,
        step=f"{MANUAL}{moment:%Y%m%dT%H%M}",
        defaults={"send_at": moment},
    )
    Obligation.objects.filter(pk=row.pk).update(next_reminder_at=moment)
    journal.record(
        actor,
        "obligation.chase",
        row,
        chain=journal.contract_chain(row.contract_id),
        after={"step": step.step},
        reason=note,
    )
    sweep_soon()
    return step


@transaction.atomic
def hand_over(
    *, actor: Viewer, obligation: Obligation, to: User | None, note: str = "", now: datetime | None = None
) -> None:
    """Make one person of the party that owes it the keeper, in place of the role's group; None gives it back to the
    group. The keeper is told at once and gets the reminder that is current.

    Raises Refused: not open, another party's duty, a person of another party or who may not see the contract.
    """
    require(actor, "obligation.hand_over", obligation)
    row = _locked(obligation)
    _require_owing(actor, row)
    moment = now or timezone.now()
    if to is not None:
        _require_able(actor, row, to)
    before, row.keeper = row.keeper_id, to
    row.save(update_fields=["keeper", "updated_at"])
    entry = journal.record(
        actor,
        "obligation.hand_over",
        row,
        chain=journal.contract_chain(row.contract_id),
        before={"keeper": before},
        after={"keeper": to},
        reason=note,
    )
    if to is not None and to.pk != actor.user_id:
        Notification.objects.create(
            user=to,
            obligation=row,
            source=f"hand_over:{entry.pk}",
            message="reminder.handed_over",
            params=base_params(row) | {"actor": actor.label},
            created_at=moment,
        )
    plan_reminders([row.pk], now=moment)
    sweep_soon()


def _require_able(actor: Viewer, obligation: Obligation, to: User) -> None:
    if to.party_id not in owing_parties(obligation) or (not actor.is_system and to.party_id != actor.party_id):
        raise Refused(_("This person belongs to another party. Choose somebody of your own."), "to")
    viewer = viewer_for(to)
    if not viewer.roles & BUSINESS_ROLES or not Contract.objects.visible_to(viewer).filter(pk=obligation.contract_id):
        raise Refused(_("This person cannot see the contract. Ask for the role first, or choose another."), "to")


@transaction.atomic
def acknowledge(*, actor: Viewer, obligation: Obligation, note: str = "", now: datetime | None = None) -> None:
    """Say "seen, mine" for the current due version: the daily reminders after the due date and the escalation stop.

    A date that moves later asks anew. Idempotent. Raises Refused: not open, another party's duty.
    """
    require(actor, "obligation.acknowledge", obligation)
    if actor.user_id is None:
        raise Refused(_("Only a person can acknowledge."))
    row = _locked(obligation)
    _require_owing(actor, row)
    moment = now or timezone.now()
    _seen, created = Acknowledgement.objects.get_or_create(
        obligation=row,
        due_number=row.due_number,
        user_id=actor.user_id,
        defaults={"at": moment, "note": note[:500]},
    )
    if not created:
        return
    journal.record(
        actor,
        "obligation.acknowledge",
        row,
        chain=journal.contract_chain(row.contract_id),
        after={"due_number": row.due_number},
        reason=note,
    )
    plan_reminders([row.pk], now=moment)
