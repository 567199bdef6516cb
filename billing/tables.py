"""The tables people fill in and load back: quantities used by each system, and an agreed allocation.

What is exported and what is read share their names here. A sheet is found by its title in any language, so that a
table downloaded in Chinese may be loaded by a reader of English.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.services.quantities import PLACES, Target
from contracts.errors import Refused
from contracts.models import Contract
from contracts.services.files import Upload
from contracts.spreadsheets import RowProblem, RowsRefused, TableRow, number_in, read_table
from engine.money import minor_units

USES_SHEET = gettext_lazy("Quantities")
SHARES_SHEET = gettext_lazy("Allocation")
USED_HEAD = gettext_lazy("Used")
LEFT_HEAD = gettext_lazy("Left")
TOTAL = gettext_lazy("Total")
CODE = re.compile(r"\s*([A-Za-z0-9_-]{1,40})\b")
FIRST_SYSTEM = 4  # contract, row, item, contract quantity, then a column per system
AMOUNT = 3  # contract, system, its name, amount


def in_all_languages(text: Promise | str) -> tuple[str, ...]:
    """The text in the reader's language, then in every other."""
    found = [str(text)]
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            found.append(str(text))
    return tuple(dict.fromkeys(found))


def own_row(row: TableRow, contract: Contract, problems: list[RowProblem], *, column: int = 0) -> bool:
    """Whether the row says that it belongs to this contract: tables of two contracts look alike."""
    number = str(row.cells[column] or "").strip()
    if number == contract.number:
        return True
    problems.append(
        RowProblem(
            row.number,
            _("this row belongs to “%(other)s”, not to contract %(number)s. Leave the first column as it is.")
            % {"other": number[:60] or "—", "number": contract.number},
        )
    )
    return False


def whole_number(value: Any) -> int | None:
    """A cell as the number of a row, 0 to 32,767; None for anything else."""
    try:
        number = number_in(value, places=0)
    except Refused:
        return None
    return None if number is None or number > 32_767 else int(number)


def read_uses(upload: Upload, *, contract: Contract) -> list[Target]:
    """What a filled-in table of quantities says; blank cells say nothing (a blank is not zero).

    Raises RowsRefused with every faulty row: another contract's, no number, a formula without result, a bad quantity.
    """
    table = read_table(upload, in_all_languages(USES_SHEET))
    skipped = {*in_all_languages(USED_HEAD), *in_all_languages(LEFT_HEAD)}
    columns: dict[int, str] = {}
    for index, head in enumerate(table.head[FIRST_SYSTEM:], start=FIRST_SYSTEM):
        found = CODE.match(head)
        if head and head not in skipped:
            code = found[1] if found else head
            if code in columns.values():
                raise RowsRefused([RowProblem(1, _("the system “%(code)s” has two columns.") % {"code": code[:40]})])
            columns[index] = code
    if not columns:
        raise Refused(_("The table has no column of a system. Download it here again and fill it in."), "upload")
    problems: list[RowProblem] = []
    targets: list[Target] = []
    seen: dict[int, int] = {}
    for row in table.rows:
        if not own_row(row, contract, problems):
            continue
        line = whole_number(row.cells[1])
        if line is None:
            problems.append(RowProblem(row.number, _("the number of the contract's row is missing.")))
            continue
        if line in seen:
            text = _("row %(number)s of the contract stands in row %(first)s already.")
            problems.append(RowProblem(row.number, text % {"number": line, "first": seen[line]}))
            continue
        seen[line] = row.number
        for index, code in columns.items():
            try:
                quantity = number_in(row.cells[index], places=PLACES)
            except Refused as error:
                problems.append(RowProblem(row.number, f"{code}: {error.message}"))
                continue
            if quantity is not None:
                targets.append(Target(row.number, line, code, quantity))
    if problems:
        raise RowsRefused(problems)
    return targets


def read_shares(upload: Upload, *, contract: Contract, codes: Sequence[str]) -> dict[str, Decimal]:
    """An agreed allocation, by the system's code. Raises RowsRefused with every faulty row: another contract's, an
    unknown system, one twice, no amount. Whether it adds up is the service's question."""
    table = read_table(upload, in_all_languages(SHARES_SHEET))
    totals = in_all_languages(TOTAL)
    problems: list[RowProblem] = []
    amounts: dict[str, Decimal] = {}
    seen: dict[str, int] = {}
    for row in table.rows:
        if str(row.cells[0] or "") in totals and row.cells[1] is None:
            continue
        if not own_row(row, contract, problems):
            continue
        code = str(row.cells[1] or "").strip()
        if code not in codes:
            problems.append(RowProblem(row.number, _("the contract has no system “%(code)s”.") % {"code": code[:40]}))
            continue
        if code in seen:
            text = _("the system “%(code)s” stands in row %(first)s already.")
            problems.append(RowProblem(row.number, text % {"code": code, "first": seen[code]}))
            continue
        seen[code] = row.number
        try:
            value = row.cells[AMOUNT] if len(row.cells) > AMOUNT else None
            amount = number_in(value, places=minor_units(contract.currency))
        except Refused as error:
            problems.append(RowProblem(row.number, error.message))
            continue
        if amount is None:
            problems.append(RowProblem(row.number, _("the amount is missing. Write 0 if it takes no part.")))
            continue
        amounts[code] = amount
    if problems:
        raise RowsRefused(problems)
    return amounts
