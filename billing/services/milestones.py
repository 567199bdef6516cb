"""Milestones as the active definition lists them."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import journal
from accounts.policy import require
from accounts.scoping import SYSTEM, Viewer
from billing.models import Milestone
from billing.terms import Instalment, money_terms
from contracts.errors import Refused
from contracts.models import Contract
from obligations.models import Obligation

FIELDS = ("title", "clause", "amount", "position", "invoice_event", "after_acceptance")


def _write(
    contract: Contract, instalment: Instalment, position: int, obligation: Obligation, actor: Viewer
) -> Milestone:
    values = {
        "title": instalment.title,
        "clause": instalment.clause,
        "amount": instalment.amount,
        "position": position,
        "invoice_event": instalment.invoice_event,
        "after_acceptance": instalment.after_acceptance,
    }
    found = Milestone.objects.select_for_update().filter(contract=contract, code=instalment.code).first()
    if found is None:
        created = Milestone.objects.create(contract=contract, code=instalment.code, obligation=obligation, **values)
        chain = journal.contract_chain(contract.pk)
        journal.record(actor, "milestone.create", created, chain=chain, after={"amount": created.amount})
        return created
    if found.invoiced > instalment.amount:
        raise Refused(
            _("%(title)s: more has been invoiced (%(invoiced)s) than the new definition owes (%(amount)s).")
            % {"title": found.title, "invoiced": found.invoiced, "amount": instalment.amount}
        )
    before = {name: getattr(found, name) for name in FIELDS} | {"obligation": found.obligation_id}
    after = values | {"obligation": obligation.pk}
    if before != after:
        for name, value in values.items():
            setattr(found, name, value)
        found.obligation = obligation
        found.save(update_fields=(*FIELDS, "obligation"))
        chain = journal.contract_chain(contract.pk)
        journal.record(actor, "milestone.update", found, chain=chain, before=before, after=after)
    return found


def milestones_sync(contract: Contract, *, actor: Viewer = SYSTEM) -> list[Milestone]:
    """Create or update the contract's milestones from the active definition's instalments, in their order.

    Idempotent. Each points down to the obligation of its duty, which must have been materialised before. An instalment
    that a later version drops stays if money moved on it, else it goes. Raises Refused when the obligation is missing
    or the new amount is below what has been invoiced.
    """
    require(actor, "milestone.sync", contract)
    with transaction.atomic():
        terms = money_terms(contract)
        duties = [instalment.duty for instalment in terms.instalments]
        obligations = {
            row.duty: row for row in Obligation.objects.filter(contract=contract, duty__in=duties, key_text="")
        }
        milestones = []
        for position, instalment in enumerate(terms.instalments, start=1):
            obligation = obligations.get(instalment.duty)
            if obligation is None:
                raise Refused(
                    _("Instalment %(code)s names the duty %(duty)s, which has no obligation yet.")
                    % {"code": instalment.code, "duty": instalment.duty}
                )
            milestones.append(_write(contract, instalment, position, obligation, actor))
        dropped = Milestone.objects.filter(contract=contract).exclude(pk__in=[row.pk for row in milestones])
        for row in dropped.filter(invoices=None, applications=None):
            chain = journal.contract_chain(contract.pk)
            journal.record(actor, "milestone.remove", row, chain=chain, before={"amount": row.amount})
            row.delete()
        return milestones
