"""Reads of definitions: a version's health in the reader's language."""

from __future__ import annotations

from accounts.policy import require
from accounts.scoping import Viewer
from contracts.models import DefinitionVersion
from contracts.selectors import definition_for
from contracts.wording import Wording
from definitions.problems import health_rows


def version_health(*, viewer: Viewer, version: DefinitionVersion) -> list[dict[str, str]]:
    """The warnings of a version: level, code, file, table, clause, text, remedy. Raises PolicyError."""
    require(viewer, "contract.internal.read", version)
    return health_rows(version.health, Wording(definition_for(version)))
