"""The readings a contract goes by: what people chose, on top of the definition's defaults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.policy import NotVisible, require
from accounts.scoping import Viewer
from contracts.models import Contract, ReadingChoice
from contracts.selectors.calendars import end_of_day
from engine.definition import Definition


def readings_chosen(
    contract: Contract, *, known_on: date | None = None, definition: Definition | None = None
) -> Mapping[str, str]:
    """Name to option key of every reading chosen by now, or by the end of `known_on`; defaults are left out.

    With a `definition` only what it still knows is given: a version may drop a reading or an option. One statement.
    """
    rows = ReadingChoice.objects.filter(contract=contract, state=ReadingChoice.State.IN_FORCE)
    if known_on is not None:
        rows = rows.filter(known_at__lt=end_of_day(known_on, contract.zone))
    return chosen_of(rows.order_by("known_at", "pk").values_list("name", "option"), definition)


def chosen_of(choices: Iterable[tuple[str, str]], definition: Definition | None) -> Mapping[str, str]:
    """What is chosen after name and option of every choice in force, oldest first; see `readings_chosen`."""
    latest = dict(choices)
    chosen = {name: option for name, option in latest.items() if option}
    if definition is None:
        return chosen
    known = definition.readings
    return {name: option for name, option in chosen.items() if name in known and option in known[name].keys}


def reading_choices(*, viewer: Viewer, contract: Contract, name: str = "") -> QuerySet[ReadingChoice]:
    """Every choice proposed or made, newest first; of one reading if named. Raises NotVisible."""
    require(viewer, "contract.internal.read", contract)
    rows: QuerySet[ReadingChoice] = ReadingChoice.objects.visible_to(viewer).filter(contract=contract)
    if name:
        rows = rows.filter(name=name)
    return rows.select_related("proposed_by", "decided_by", "evidence")


def reading_choice_get(pk: int, *, viewer: Viewer, contract: Contract) -> ReadingChoice:
    """One choice of the contract. Raises NotVisible."""
    found = reading_choices(viewer=viewer, contract=contract).filter(pk=pk).first()
    if found is None:
        raise NotVisible(_("This does not exist, or is not yours to see."))
    return found
