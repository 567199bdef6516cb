"""Line items from a table: what it would change about the version in force, checked as any definition is, and kept as
a draft that another person puts in force. All of it or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import policy
from accounts.scoping import Viewer
from contracts.errors import Refused
from contracts.models import Contract, DefinitionVersion
from contracts.selectors import active_version, definition_for, line_items
from contracts.selectors.calendars import calendars_now
from contracts.spreadsheets import RowProblem, RowsRefused
from definitions.line_table import HEADS, LineChange, LineRow, line_changes, with_changes
from definitions.loading import Loaded, load_source
from definitions.problems import DefinitionRefused, Problem, translated
from definitions.reader import Source
from definitions.services import LoadResult, loaded_store
from obligations.services.evaluation import contract_locked

# The column a person looks at for what the loader says about a row.
COLUMNS = {"line_product": "amount", "line_half_blank": "amount", "minor_units": "amount", "line_blank": "bundle"}


@dataclass(frozen=True, slots=True)
class LinesPlan:
    """What a table changes: the version it is compared with, the line items that differ, and the checked definition
    they make; `waiting` is a later draft, whose changes this one would not have."""

    base: DefinitionVersion
    changes: tuple[LineChange, ...]
    loaded: Loaded
    waiting: DefinitionVersion | None


def lines_plan(*, viewer: Viewer, contract: Contract, rows: Sequence[LineRow]) -> LinesPlan:
    """What the rows of a table would change about the version in force. Writes nothing.

    Raises RowsRefused with everything the loader finds wrong, by row of the sheet; Refused if nothing differs or no
    version is in force; PolicyError for those who may not load definitions.
    """
    policy.require(viewer, "contract.load", contract)
    base = active_version(contract)
    if base is None:
        raise Refused(_("This contract has no active definition yet. Load one and have it activated."), "upload")
    changes = line_changes(list(line_items(viewer=viewer, contract=contract, version=base)), rows)
    if not changes:
        raise Refused(_("The table says what the contract says already: nothing differs."), "upload")
    data = definition_for(base).to_data()
    data["line"] = with_changes(data.get("line", {}), changes)
    numbered = {row.number: row.row for row in rows}
    places = {name: numbered[entry.get("number", 0)] for name, entry in data["line"].items()}
    try:
        loaded = load_source(Source(data, base.origin.get("files", {})), calendars=calendars_now())
    except DefinitionRefused as error:
        raise RowsRefused(list(_by_row(error.problems, places))) from error
    drafts = contract.versions.filter(state=DefinitionVersion.State.DRAFT, number__gt=base.number)
    return LinesPlan(base, changes, loaded, drafts.order_by("-number").first())


def _by_row(problems: Iterable[Problem], places: dict[str, int]) -> Iterable[RowProblem]:
    """The loader's errors with the row of the sheet each is about; 0 if it is about the table as a whole."""
    for problem in problems:
        if problem.level != "error":
            continue
        text, remedy = translated(problem)
        if problem.code == "lines_sum":
            remedy = _("Correct the amounts. If the contract sum itself changed, load the definition's files.")
        column = COLUMNS.get(problem.code) or str(problem.params.get("field", ""))
        kind, _dot, name = problem.table.partition(".")
        row = places.get(name, 0) if kind == "line" else 0
        if row and column in HEADS:
            text = _("%(column)s: %(problem)s") % {"column": HEADS[column], "problem": text}
        elif not row and kind != "line":
            text = f"{problem.table}: {text}"
        yield RowProblem(row, f"{text} {remedy}".strip())


def lines_load(*, actor: Viewer, contract: Contract, rows: Sequence[LineRow], base: int) -> LoadResult:
    """Keep the line items of a table, with the rest of the version in force, as a draft.

    `base` is the key of the version the changes were shown against. Raises what `lines_plan` raises, and Refused if
    another version is in force by now or the same content was loaded before.
    """
    policy.require(actor, "contract.load", contract)
    with transaction.atomic():
        locked = contract_locked(contract.pk)
        plan = lines_plan(viewer=actor, contract=locked, rows=rows)
        if plan.base.pk != base:
            raise Refused(_("Another version was put in force since. Download the table again and change that one."))
        numbers: dict[str, list[int]] = {}
        for change in plan.changes:
            numbers.setdefault(change.change, []).append(change.number)
        result = loaded_store(plan.loaded, actor=actor, about={"based_on": plan.base.number, "line_items": numbers})
        if not result.created:
            raise Refused(
                _("Exactly this was loaded before as version %(number)s. Look for it among the versions.")
                % {"number": result.version.number}
            )
        return result
