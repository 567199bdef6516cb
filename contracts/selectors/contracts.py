"""Contracts and what a version of their definition lists."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.policy import NotVisible, proven, require
from accounts.scoping import Viewer
from contracts.models import Clause, Contract, DefinitionVersion, InformationSystem, LineItem
from contracts.selectors.definitions import with_version_key


def _missing() -> NotVisible:
    return NotVisible(_("This does not exist, or is not yours to see."))


def today_for(contract: Contract) -> date:
    """Today where the contract is performed."""
    return timezone.now().astimezone(ZoneInfo(contract.zone)).date()


def contracts_list(*, viewer: Viewer, search: str = "", demo: bool | None = None) -> QuerySet[Contract]:
    """The contracts a viewer may know of, by number; `search` looks in number, title and the parties' names."""
    require(viewer, "contract.read")
    rows: QuerySet[Contract] = Contract.objects.visible_to(viewer).select_related("buyer", "vendor", "supervisor")
    if demo is not None:
        rows = rows.filter(is_demo=demo)
    for word in search.split():
        rows = rows.filter(
            Q(number__icontains=word)
            | Q(title__icontains=word)
            | Q(buyer__name__icontains=word)
            | Q(vendor__name__icontains=word)
        )
    return rows.order_by("number")


def contract_by_id(contract_id: int, *, viewer: Viewer) -> Contract:
    """The contract of a page's address, with the version in force. Raises NotVisible. One statement for all a page
    asks of the contract itself."""
    rows = with_version_key(contracts_list(viewer=viewer))
    found: Contract | None = rows.filter(pk=contract_id).first()
    if found is None:
        raise _missing()
    proven(viewer, found)
    return found


def contract_get(number: str, *, viewer: Viewer) -> Contract:
    """The contract with this number. Raises NotVisible."""
    found: Contract | None = contracts_list(viewer=viewer).filter(number=number).first()
    if found is None:
        raise _missing()
    return found


def versions_list(*, viewer: Viewer, contract: Contract) -> QuerySet[DefinitionVersion]:
    """Every loaded version of the contract's definition, newest first; the parsed data is left out."""
    require(viewer, "contract.internal.read", contract)
    return contract.versions.select_related("loaded_by", "activated_by").defer("data", "origin", "dependencies")


def version_get(pk: int, *, viewer: Viewer, contract: Contract | None = None) -> DefinitionVersion:
    """One version, for its health report or to activate it. Raises NotVisible."""
    require(viewer, "contract.internal.read")
    rows: QuerySet[Any] = DefinitionVersion.objects.visible_to(viewer).select_related("contract", "loaded_by")
    if contract is not None:
        rows = rows.filter(contract=contract)
    found: DefinitionVersion | None = rows.filter(pk=pk).first()
    if found is None:
        raise _missing()
    return found


def _of_version(
    model: type[Any], contract: Contract, viewer: Viewer, version: DefinitionVersion | None
) -> QuerySet[Any]:
    require(viewer, "contract.read", contract)
    rows: QuerySet[Any] = model.objects.visible_to(viewer).filter(contract=contract)
    if version is None:
        return rows.filter(version__state=DefinitionVersion.State.ACTIVE)
    return rows.filter(version=version)


def line_items(*, viewer: Viewer, contract: Contract, version: DefinitionVersion | None = None) -> QuerySet[LineItem]:
    """The priced rows of a version (the active one by default), in the contract's order."""
    return _of_version(LineItem, contract, viewer, version).order_by("number")


def clause_coverage(
    *, viewer: Viewer, contract: Contract, version: DefinitionVersion | None = None
) -> QuerySet[Clause]:
    """Every article with how far the definition covers it, in the contract's order."""
    return _of_version(Clause, contract, viewer, version).order_by("position")


def clauses_search(*, viewer: Viewer, text: str, limit: int = 100) -> QuerySet[Clause]:
    """Articles of active versions whose number or title holds the text, by contract, in its order; one statement."""
    require(viewer, "contract.read")
    rows: QuerySet[Clause] = Clause.objects.visible_to(viewer).filter(version__state=DefinitionVersion.State.ACTIVE)
    rows = rows.filter(Q(code__contains=text) | Q(title__contains=text))
    return rows.order_by("contract__number", "position")[:limit]


def systems_list(*, viewer: Viewer, contract: Contract) -> QuerySet[InformationSystem]:
    """The information systems the contract serves, in its order."""
    require(viewer, "contract.read", contract)
    rows: QuerySet[InformationSystem] = InformationSystem.objects.visible_to(viewer).filter(contract=contract)
    return rows.order_by("position")
