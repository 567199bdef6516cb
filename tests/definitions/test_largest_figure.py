"""A definition states no figure above the largest that is kept to the last digit: refused with its place and remedy."""

from __future__ import annotations

import pytest

from definitions.loading import load_files
from definitions.problems import DefinitionRefused
from definitions.reader import SourceFile

LARGEST, ABOVE = "9999999999999.99", "10000000000000.00"
HEAD = """\
format = 1
[contract]
number = "LARGE-1"
title = "大合同"
total = "{total}"
currency = "CNY"
zone = "Asia/Shanghai"
[party.buyer]
name = "大买方"
role = "buyer"
[party.vendor]
name = "大卖方"
role = "vendor"
[term.service]
start = 2025-07-01
end = 2026-06-30
[clause."7"]
title = "付款"
state = "modelled"
"""
LINE = """\
[line.r1]
number = 1
title = "一项"
clause = "7"
unit_price = "{price}"
quantity = "{quantity}"
amount = "{amount}"
"""
INSTALMENT = """\
[instalment.1]
title = "首期"
clause = "7"
amount = "{amount}"
"""
SECURITY = """\
[security.bond]
title = "履约保证"
clause = "7"
kind = "performance"
amount = "{amount}"
valid_until = 2027-06-30
"""


def problems(text: str) -> list[tuple[str, str, str, str, str]]:
    """What keeps a definition from being loaded because of a figure's size: table, clause, file, sentence, remedy."""
    try:
        load_files([SourceFile("large.toml", text.encode())])
    except DefinitionRefused as refusal:
        return [
            (one.table, one.clause, one.file, one.text, one.remedy)
            for one in refusal.problems
            if one.code == "too_large_figure"
        ]
    return []


def found(table: str, clause: str, field: str, value: str, limit: str) -> list[tuple[str, str, str, str, str]]:
    said = f"{value} ({field}) is above {limit}, the most that is kept to the last digit."
    return [(table, clause, "large.toml", said, "Correct the figure; check which unit it is in.")]


@pytest.mark.parametrize(
    "text",
    [
        HEAD.format(total="9999999999999.98"),
        HEAD.format(total=LARGEST),
        HEAD.format(total=LARGEST) + LINE.format(price="99999999999.9999", quantity="100", amount="9999999999999.99"),
        HEAD.format(total=LARGEST) + INSTALMENT.format(amount=LARGEST),
        HEAD.format(total="1000.00") + SECURITY.format(amount=LARGEST),
    ],
)
def test_a_figure_up_to_the_largest_loads(text: str) -> None:
    load_files([SourceFile("large.toml", text.encode())])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD.format(total=ABOVE), found("contract", "", "total", ABOVE, "9,999,999,999,999.99")),
        (
            HEAD.format(total=LARGEST) + LINE.format(price="1", quantity=ABOVE, amount=ABOVE),
            found("line.r1", "7", "quantity", ABOVE, "99,999,999,999.9999")
            + found("line.r1", "7", "amount", ABOVE, "9,999,999,999,999.99"),
        ),
        (
            HEAD.format(total=LARGEST) + LINE.format(price="100000000000", quantity="1", amount="100000000000"),
            found("line.r1", "7", "unit_price", "100000000000", "99,999,999,999.9999"),
        ),
        (
            HEAD.format(total=LARGEST) + INSTALMENT.format(amount=ABOVE),
            found("instalment.1", "7", "amount", ABOVE, "9,999,999,999,999.99"),
        ),
        (
            HEAD.format(total="1000.00") + SECURITY.format(amount=ABOVE),
            found("security.bond", "7", "amount", ABOVE, "9,999,999,999,999.99"),
        ),
        (
            HEAD.format(total="1000.00") + SECURITY.format(amount=LARGEST) + f'releases = [{{ amount = "{ABOVE}" }}]\n',
            found("security.bond", "7", "releases", ABOVE, "9,999,999,999,999.99"),
        ),
    ],
)
def test_a_figure_above_it_is_refused_where_it_stands(
    text: str, expected: list[tuple[str, str, str, str, str]]
) -> None:
    assert problems(text) == expected
