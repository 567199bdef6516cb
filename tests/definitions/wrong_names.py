"""Names and fields that lead nowhere in the tables of money, of findings and of figures; as in `wrong_money`."""

from __future__ import annotations

from tests.definitions.small_penalties import BY, FIRST, KEPT, LATE, REPEAT, WHEN

ALL = 'amount = "assessed() * 5%"'
DAMAGE: dict[str, tuple[tuple[str, str], str, str, str, str]] = {
    "security given back by no duty": (
        (KEPT, KEPT + 'refund = "give_back"\n'),
        "unknown_name",
        "security.kept",
        "7",
        "duty",
    ),
    "security late by no rule": ((KEPT, KEPT + 'late_fee = "lat"\n'), "unknown_name", "security.kept", "7", "late"),
    "security of no kind of item": ((KEPT, KEPT + 'item = "bond"\n'), "unknown_name", "security.kept", "7", "item"),
    "security claimed by no event": (
        (KEPT, KEPT + 'claimed = "clamed"\n'),
        "unknown_name",
        "security.kept",
        "7",
        "event",
    ),
    "security that should outlast nothing known": (
        (KEPT, KEPT + 'risks = ["duty.reprt"]\n'),
        "unknown_name",
        "security.kept",
        "7",
        "report",
    ),
    "ground of a security misspelt": (
        (KEPT, KEPT + 'grounds = [{ key = "a", limt = "balance" }]\n'),
        "unknown_field",
        "security.kept.grounds.1",
        "7",
        "limit",
    ),
    "field of a security misspelt": (
        (KEPT, KEPT + 'witholding = "5%"\n'),
        "unknown_field",
        "security.kept",
        "7",
        "withholding",
    ),
    "field of an instalment misspelt": (
        (FIRST, FIRST + '\ncumulatve = "40%"'),
        "unknown_field",
        "instalment.1",
        "7",
        "cumulative",
    ),
    "finding of an unknown type": (
        (REPEAT, REPEAT + '\nfindings = { grave = "boole" }'),
        "unknown_name",
        "rule.repeat",
        "7",
        "bool",
    ),
    "figures of an unknown type": (
        ('value = "ratio"', 'value = "ratoi"'),
        "unknown_name",
        "series.availability",
        "7",
        "ratio",
    ),
    "rule that takes a share of everything": ((LATE, ALL), "cycle", "rule.late", "7", "assessed()"),
    "rule that reads every assessment": (
        (WHEN, 'when = "count(assessments()) > 3"'),
        "cycle",
        "rule.slow",
        "7",
        "assessments()",
    ),
    "pool kept apart by what it comes to": (
        (BY, 'by = "assessed(pool.year) > CNY 5"'),
        "cycle",
        "pool.",
        "7",
        "pool.year",
    ),
}
