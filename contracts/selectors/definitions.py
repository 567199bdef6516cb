"""The engine's definition from a stored version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

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


def definition_for(of: Contract | DefinitionVersion) -> Definition:
    """The parsed definition of a version, or of a contract's active version.

    Raises Refused if the contract has no active version.
    """
    version = active_version(of) if isinstance(of, Contract) else of
    if version is None:
        raise Refused(_("This contract has no active definition yet. Load one and have it activated."))
    return _parsed(version.pk, version.sha256)
