"""Who supervises a contract."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import journal
from accounts.models import Party
from accounts.policy import require
from accounts.scoping import Viewer
from contracts.errors import Refused
from contracts.models import Contract


@transaction.atomic
def supervisor_assign(*, actor: Viewer, contract: Contract, party_id: int | None) -> Contract:
    """Assign (or with None: release) the supervising party; its people then see this contract.

    Raises Refused if the party is not a supervisor.
    """
    require(actor, "contract.load", contract)
    if party_id is not None and not Party.objects.filter(pk=party_id, kind=Party.Kind.SUPERVISOR).exists():
        raise Refused(_("Choose a party of the kind “supervisor”."), "supervisor")
    if contract.supervisor_id == party_id:
        return contract
    before = contract.supervisor_id
    contract.supervisor_id = party_id
    contract.save(update_fields=["supervisor"])
    journal.record(
        actor,
        "contract.supervisor",
        contract,
        chain=journal.contract_chain(contract.pk),
        before={"supervisor": before},
        after={"supervisor": party_id},
    )
    return contract
