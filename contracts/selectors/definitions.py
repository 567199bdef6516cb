"""The engine's definition from a stored version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from contracts.errors import Refused
from contracts.models import Contract, DefinitionVersion
from engine.definition import Definition, parse_definition


def active_version(contract: Contract) -> DefinitionVersion | None:
    """The version in force now; None before the first is activated."""
    return contract.versions.filter(state=DefinitionVersion.State.ACTIVE).first()


def in_order(data: Mapping[str, Any], order: Sequence[tuple[str, list[str]]]) -> dict[str, Any]:
    """Stored data with its tables in the order of the files: databases sort the keys of an object, and a tie between
    two rules goes to the one written first. `order` is a list of tables with their entries; without it the data is
    taken as it comes."""
    result: dict[str, Any] = {}
    for table, names in order:
        entries = data.get(table)
        if isinstance(entries, dict) and names:
            result[table] = {name: entries[name] for name in names if name in entries}
        elif table in data:
            result[table] = entries
    return result | {table: entries for table, entries in data.items() if table not in result}


@lru_cache(maxsize=64)
def _parsed(version_id: int, sha256: str) -> Definition:
    """A version never changes once loaded; the hash guards against another database under the same process."""
    version = DefinitionVersion.objects.get(pk=version_id)
    origin = version.origin
    return parse_definition(in_order(version.data, origin.get("order", ())), origin.get("files", {}))


def version_key(contract: str = "pk") -> dict[str, Subquery]:
    """Annotations that read the version in force along with other rows; `contract` is where these name the contract."""
    active = DefinitionVersion.objects.filter(contract=OuterRef(contract), state=DefinitionVersion.State.ACTIVE)
    return {"version_id": Subquery(active.values("pk")[:1]), "version_sha256": Subquery(active.values("sha256")[:1])}


def keep_version_key(contract: Contract, row: Model) -> None:
    """Tell a contract what `version_key` read along with a row of it, so that `definition_for` need not ask."""
    vars(contract).update({name: vars(row)[name] for name in ("version_id", "version_sha256")})


def with_version_key(rows: QuerySet[Contract]) -> QuerySet[Contract]:
    """Contracts with their version in force as `version_id` and `version_sha256`, so that readers need not ask."""
    found: QuerySet[Contract] = rows.annotate(**version_key())
    return found


def _active_key(contract: Contract) -> tuple[int, str] | None:
    if "version_id" in vars(contract):
        key = vars(contract)["version_id"], vars(contract)["version_sha256"]
        return key if key[0] is not None else None
    found: tuple[int, str] | None = (
        contract.versions.filter(state=DefinitionVersion.State.ACTIVE).values_list("pk", "sha256").first()
    )
    return found


def definition_for(of: Contract | DefinitionVersion) -> Definition:
    """The parsed definition of a version, or of a contract's active version.

    Raises Refused if the contract has no active version.
    """
    key = _active_key(of) if isinstance(of, Contract) else (of.pk, of.sha256)
    if key is None:
        raise Refused(_("This contract has no active definition yet. Load one and have it activated."))
    return _parsed(*key)
