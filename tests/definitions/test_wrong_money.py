"""Every wrong way of writing penalties and money is refused on load, where it stands and with what to do about it.

One small definition holds a rule, pool, measure, table, reading, right and security of each sort and loads clean; each
kind of damage changes one passage of it. No database is needed.
"""

from __future__ import annotations

import pytest

from definitions.loading import Loaded, load_files
from definitions.problems import DefinitionRefused
from definitions.reader import SourceFile
from tests.definitions.small import changed
from tests.definitions.small_penalties import (
    BY,
    CAP,
    FIRST,
    LAST,
    LATE,
    REPEAT,
    ROWS,
    RUN,
    SINK,
    VALID,
    VALUE,
    WHEN,
    WHOLE,
    YEAR,
    amount,
)

FILE = "penalties.toml"
# kind of damage → (old passage, new passage), the code, the table, the clause, what text or remedy must mention
Damage = tuple[tuple[str, str], str, str, str, str]
DAMAGE: dict[str, Damage] = {
    # -- tables -----------------------------------------------------------------------------------------------
    "bands overlap": ((ROWS[0], 'range = "[20 minutes, 90 minutes)"'), "band_overlap", "table.late", "7", "20 minutes"),
    "bands share an edge": (
        (ROWS[1], 'range = "[0 minutes, 30 minutes]"'),
        "band_overlap",
        "table.late",
        "7",
        "30 minutes",
    ),
    "band upside down": (
        (ROWS[0], 'range = "[90 minutes, 30 minutes)"'),
        "band_inverted",
        "table.late",
        "7",
        "90 minutes",
    ),
    "band of another unit": (
        (ROWS[0], 'range = "[30 days, 90 days)"'),
        "clock_and_calendar",
        "table.late",
        "7",
        "hours with hours",
    ),
    "rows of different types": (('value = "5%"', 'value = "CNY 5"'), "ill_typed", "table.late", "7", ""),
    "row without a range": ((ROWS[0] + ", ", ""), "missing_field", "table.late.2", "7", "range"),
    "range not closed": (
        (ROWS[0], 'range = "[30 minutes, 90 minutes"'),
        "unfinished_expression",
        "table.late.2",
        "7",
        "bracket",
    ),
    "row rests on an unknown name": (
        ('value = "5%"', 'value = "contract.totl * 5%"'),
        "unknown_name",
        "table.late",
        "7",
        "total",
    ),
    "a length looked up in a table of numbers": (
        amount("tier(measure.response(i), table.weeks)"),
        "ill_typed",
        "rule.slow",
        "7",
        "",
    ),
    "unknown table": (
        amount("band(measure.response(i), table.lat) * contract.total"),
        "unknown_name",
        "rule.slow",
        "7",
        "late",
    ),
    # -- rules ------------------------------------------------------------------------------------------------
    "condition that is an amount": ((WHEN, 'when = "contract.total"'), "ill_typed", "rule.slow", "7", "condition"),
    "amount that is a condition": (amount("i.major"), "ill_typed", "rule.slow", "7", "an amount of money"),
    "amount that is a length": (amount("30 minutes"), "ill_typed", "rule.slow", "7", "an amount of money"),
    "amount that is a share of nothing": (amount("50%"), "ill_typed", "rule.slow", "7", "an amount of money"),
    "money and points": (amount("CNY 5 + 1 points"), "ill_typed", "rule.slow", "7", "points"),
    "two currencies": (amount("CNY 5 + USD 5"), "two_currencies", "rule.slow", "7", "Convert"),
    "two currencies in one choice": (amount("max(CNY 5, USD 5)"), "two_currencies", "rule.slow", "7", "Convert"),
    "two currencies compared": (
        (WHEN, 'when = "contract.total > USD 5"'),
        "two_currencies",
        "rule.slow",
        "7",
        "Convert",
    ),
    "money divided by points": (amount("contract.total / 2 points"), "ill_typed", "rule.slow", "7", "points"),
    "money times money": (amount("contract.total * CNY 2"), "ill_typed", "rule.slow", "7", "number"),
    "hours compared with days": (
        (WHEN, 'when = "measure.response(i) > 2 days"'),
        "clock_and_calendar",
        "rule.slow",
        "7",
        "hours with hours",
    ),
    "half a month": ((WHEN, 'when = "1 months * 0.5 > 10 days"'), "broken_unit", "rule.slow", "7", "whole number"),
    "fraction of a length": (
        (WHEN, 'when = "i.at + 1.5 months > i.answered"'),
        "broken_unit",
        "rule.slow",
        "7",
        "whole number",
    ),
    "amount forgotten": ((LATE + "\n", ""), "missing_field", "rule.late", "7", "amount"),
    "amount on a right": (
        ('yields = "right"', 'yields = "right"\namount = "CNY 5"'),
        "no_amount_in_pool",
        "rule.run",
        "7",
        "right",
    ),
    "points yielded as money": (('amount = "2 points"', 'amount = "CNY 2"'), "ill_typed", "rule.repeat", "7", "points"),
    "unknown yield": (('yields = "points"', 'yields = "stars"'), "wrong_value", "rule.repeat", "7", "points"),
    "unknown rounding": ((LATE, LATE + '\nround = "sideways"'), "bad_option", "rule.late", "7", "half_up"),
    "unknown base": (amount("5% * line.r09.amount"), "unknown_name", "rule.slow", "7", "line"),
    "base the contract leaves blank": (
        amount("5% * line.r03.amount"),
        "undefined_base",
        "rule.slow",
        "7",
        "line.r03.amount",
    ),
    "unknown measure": (
        amount("band(measure.respons(i), table.late) * contract.total"),
        "unknown_name",
        "rule.slow",
        "7",
        "response",
    ),
    "measure asked about nothing": (
        (WHEN, 'when = "measure.downtime(m) > 2 hours"'),
        "wrong_arguments",
        "rule.slow",
        "7",
        "measure.downtime",
    ),
    "unknown reading": (amount("5% * reading.bse"), "unknown_name", "rule.slow", "7", "base"),
    "unknown option of a reading": (
        (WHEN, "when = \"reading.base == 'hole'\""),
        "unknown_option",
        "rule.slow",
        "7",
        "whole",
    ),
    "event nobody can record": (
        (WHEN, 'when = "happened(event.acepted)"'),
        "unknown_name",
        "rule.slow",
        "7",
        "accepted",
    ),
    "unknown attribute": ((WHEN, 'when = "i.mjor"'), "unknown_name", "rule.slow", "7", "major"),
    "unknown function": (
        amount("bnd(measure.response(i), table.late) * contract.total"),
        "unknown_function",
        "rule.slow",
        "7",
        "band",
    ),
    "unknown set": (
        ('for = "breaches(duty.report) as b"', 'for = "breaches(duty.reprt) as b"'),
        "unknown_name",
        "rule.late",
        "7",
        "report",
    ),
    "one thing is no set": (
        ('for = "breaches(duty.report) as b"', 'for = "contract.total as b"'),
        "ill_typed",
        "rule.late",
        "7",
        "set",
    ),
    "unknown key of an ordinal": (
        (REPEAT, REPEAT.replace(", cause)", ", caus)")),
        "unknown_name",
        "rule.repeat",
        "7",
        "cause",
    ),
    "streak of what is no period": (
        (RUN, RUN.replace(", month)", ", hours)")),
        "wrong_arguments",
        "rule.run",
        "7",
        "streak",
    ),
    "filter on an unknown field": ((RUN, RUN.replace("value <", "vale <")), "unknown_name", "rule.run", "7", "value"),
    "bad way of counting weeks": (
        (LATE, LATE.replace("up)", "sideways)")),
        "wrong_arguments",
        "rule.late",
        "7",
        "steps",
    ),
    "misspelt field": ((LATE, LATE.replace("amount", "amuont")), "unknown_field", "rule.late", "7", "amount"),
    "share as a binary fraction": ((LATE, "amount = 0.05"), "float", "rule.late", "", "quotes"),
    "bracket left open": (
        (LATE, LATE.replace("weeks)", "weeks")),
        "unfinished_expression",
        "rule.late",
        "7",
        "bracket",
    ),
    "rule that reads its own pool": ((WHEN, 'when = "assessed(pool.year) < CNY 50"'), "cycle", "", "7", "pool.year"),
    "unknown debtor": (('debtor = "vendor"', 'debtor = "vndor"'), "unknown_name", "rule.slow", "7", "vendor"),
    # -- measures ---------------------------------------------------------------------------------------------
    "circle of measures": (
        (VALUE, 'value = "if(measure.response(i) > 1 hours, 1 hours, 2 hours)"'),
        "cycle",
        "measure.response",
        "7",
        "measure.response",
    ),
    "length of what is no spell": (
        ('value = "|outages[system == s] over m|"', 'value = "|incidents over m|"'),
        "ill_typed",
        "measure.downtime",
        "7",
        "intervals",
    ),
    "unknown unit of a window": (
        ('value = "|outages[system == s] over m|"', 'value = "|outages over any 24 fortnights|"'),
        "unknown_unit",
        "measure.downtime",
        "7",
        "hours",
    ),
    "date from a length": ((VALUE, 'value = "30 minutes - i.at"'), "ill_typed", "measure.response", "7", ""),
    # -- readings ---------------------------------------------------------------------------------------------
    "default that is no option": (
        ('default = "whole"', 'default = "hole"'),
        "bad_default",
        "reading.base",
        "7",
        "whole",
    ),
    "reading without options": (
        ('default = "max"\noptions = [{ key = "sum" }, { key = "max" }]', ""),
        "missing_field",
        "reading.how",
        "7",
        "options",
    ),
    "option twice": (
        ('{ key = "sum" }, { key = "max" }', '{ key = "max" }, { key = "max" }'),
        "duplicate_name",
        "reading.how",
        "7",
        "max",
    ),
    "options of different types": (
        (WHOLE, '{ key = "whole", value = "3 points" }'),
        "ill_typed",
        "reading.base",
        "7",
        "",
    ),
    "option rests on an unknown name": (
        (WHOLE, WHOLE.replace("total", "totl")),
        "unknown_name",
        "reading.base",
        "7",
        "total",
    ),
    "circle of readings": (
        (WHOLE, WHOLE.replace("contract.total", "reading.base")),
        "cycle",
        "reading.base",
        "7",
        "reading.base",
    ),
    # -- pools ------------------------------------------------------------------------------------------------
    "unknown member": ((YEAR, 'over = ["heavier", "lat"]'), "unknown_name", "pool.year", "7", "late"),
    "member counted twice": ((YEAR, 'over = ["heavier", "late", "late"]'), "twice_in_pool", "pool.year", "7", "late"),
    "member counted again through a pool": (
        (YEAR, 'over = ["heavier", "late", "slow"]'),
        "twice_in_pool",
        "pool.year",
        "7",
        "slow",
    ),
    "cap on nothing": ((YEAR, "over = []"), "missing_field", "pool.year", "7", "over"),
    "a right in a pool": ((YEAR, 'over = ["heavier", "run"]'), "no_amount_in_pool", "pool.year", "7", "run"),
    "points and money in one pool": ((YEAR, 'over = ["heavier", "repeat"]'), "two_units", "pool.year", "7", "points"),
    "two currencies in one pool": (amount("USD 5", LATE), "two_units", "pool.year", "7", "USD"),
    "circle of pools": (('over = ["slow"]', 'over = ["slow", "year"]'), "cycle", "pool.", "7", "pool.year"),
    "pool over itself": ((YEAR, 'over = ["heavier", "year"]'), "cycle", "pool.year", "7", "pool.year"),
    "unknown way to combine": (
        ('over = ["repeat"]', 'over = ["repeat"]\ncombine = "average"'),
        "bad_option",
        "pool.points",
        "7",
        "choose",
    ),
    "combined as an unknown reading says": (
        ('"reading.how"', '"reading.hw"'),
        "unknown_name",
        "pool.heavier",
        "7",
        "how",
    ),
    "combined as a reading of other matters": (
        ('"reading.how"', '"reading.base"'),
        "unknown_combine",
        "pool.heavier",
        "7",
        "sum, max or choose",
    ),
    "key of unknown things": ((BY, 'by = "linked(incident, caus)"'), "unknown_name", "pool.heavier", "7", "cause"),
    "key not every member has": ((BY, 'by = "q"'), "unknown_name", "pool.heavier", "7", "q"),
    "unit of time that is none": (
        ('by = "month"', 'by = "fortnight"'),
        "unknown_name",
        "pool.points",
        "7",
        "fortnight",
    ),
    "cap without a limit": ((CAP, 'caps = [{ window = "month" }]'), "missing_field", "pool.year.caps.1", "7", "limit"),
    "cap in points on money": (
        (CAP, 'caps = [{ limit = "60 points" }]'),
        "ill_typed",
        "pool.year.caps.1",
        "7",
        "points",
    ),
    "cap in another currency": (
        (CAP, 'caps = [{ limit = "USD 60" }]'),
        "two_currencies",
        "pool.year.caps.1",
        "7",
        "USD",
    ),
    "cap that is a length": ((CAP, 'caps = [{ limit = "60 minutes" }]'), "ill_typed", "pool.year.caps.1", "7", "money"),
    "cap below nothing": (
        (CAP, 'caps = [{ limit = "-contract.total" }]'),
        "negative",
        "pool.year.caps.1",
        "7",
        "-contract.total",
    ),
    "unknown window": (
        (CAP, CAP.replace("rolling 12 months", "fortnight")),
        "bad_option",
        "pool.year.caps.1",
        "7",
        "month",
    ),
    "unknown unit of a rolling window": (
        (CAP, CAP.replace("12 months", "12 moths")),
        "unknown_unit",
        "pool.year.caps.1",
        "7",
        "months",
    ),
    "window of an unknown term": (
        (CAP, CAP.replace("rolling 12 months", "term.servce")),
        "bad_window",
        "pool.year.caps.1",
        "7",
        "service",
    ),
    "unknown fate of the excess": (
        (CAP, CAP.replace(" }", ', excess = "forget" }')),
        "wrong_value",
        "pool.year.caps.1",
        "7",
        "carry",
    ),
    "unknown sink": (
        (SINK, SINK.replace("instalment.2", "instalment.9", 1)),
        "unknown_sink",
        "pool.year.settle.1",
        "7",
        "instalment",
    ),
    "sink limited by a length": (
        (SINK, SINK.replace('"instalment.2.amount"', '"3 days"')),
        "ill_typed",
        "pool.year.settle.1",
        "7",
        "money",
    ),
    "unknown fate of the rest": (('rest = "pay"', 'rest = "vanish"'), "wrong_value", "pool.year", "7", "forward"),
    "claim that is no moment": (
        ('rest = "pay"', 'rest = "pay"\nclaim = "contract.total"'),
        "ill_typed",
        "pool.year",
        "7",
        "",
    ),
    "pool amount of another unit": ((BY, BY + '\namount = "3 points"'), "ill_typed", "pool.heavier", "7", "points"),
    # -- rights, instalments, securities ------------------------------------------------------------------------
    "right that holds an amount": (
        ('when = "assessed(pool.year) >= CNY 100"', 'when = "assessed(pool.year)"'),
        "ill_typed",
        "right.end",
        "7",
        "condition",
    ),
    "right measured in another currency": (('>= CNY 100"', '>= USD 100"'), "two_currencies", "right.end", "7", "USD"),
    "right on an unknown pool": (
        ("assessed(pool.year)", "assessed(pool.yer)"),
        "unknown_name",
        "right.end",
        "7",
        "year",
    ),
    "unknown holder": (('holder = ["buyer"]', 'holder = ["byer"]'), "unknown_name", "right.end", "7", "buyer"),
    "instalments do not add up": ((LAST, LAST.replace("600", "601")), "instalments_sum", "instalment", "", "1001"),
    "shares do not add up": ((LAST, LAST.replace("60%", "61%")), "shares_sum", "instalment", "", "101%"),
    "instalment of nothing": ((FIRST + "\n", ""), "no_amount", "instalment.1", "7", "share"),
    "cumulative shares fall": (
        (
            FIRST + '\nduty = "payment_1"\ninvoice = "invoice"\n[instalment.2]\ntitle = "尾款"\nclause = "7"\n' + LAST,
            'cumulative = "100%"\nduty = "payment_1"\n[instalment.2]\ntitle = "尾款"\nclause = "7"\ncumulative = "80%"',
        ),
        "cumulative_falls",
        "instalment.2",
        "7",
        "80%",
    ),
    "share and cumulative": ((LAST, LAST + '\ncumulative = "100%"'), "one_of", "instalment.2", "7", "cumulative"),
    "factor that is an amount": ((LAST, LAST + '\nfactor = "CNY 5"'), "ill_typed", "instalment.2", "7", ""),
    "factor on an unknown name": ((LAST, LAST + '\nfactor = "measure.scor"'), "unknown_name", "instalment.2", "7", ""),
    "share that is no number": ((LAST, LAST.replace('"60%"', '"sixty"')), "wrong_value", "instalment.2", "7", "number"),
    "share below nothing": ((LAST, LAST.replace('"60%"', '"-60%"')), "negative", "instalment.2", "7", "-60%"),
    "security from what is no day": (
        ('since = "event.accepted"', 'since = "contract.total"'),
        "ill_typed",
        "security.kept",
        "7",
        "",
    ),
    "security until an unknown event": (
        ('until = "event.accepted +', 'until = "event.acepted +'),
        "unknown_name",
        "security.kept",
        "7",
        "accepted",
    ),
    "release of nothing": (('{ share = "50%", when', "{ when"), "one_of", "security.kept.releases.1", "7", "share"),
    "releases beyond the whole": (
        ('{ share = "50%", when', '{ share = "150%", when'),
        "releases_exceed",
        "security.kept",
        "7",
        "150%",
    ),
    "release on what is no condition": (
        ('when = "happened(event.accepted)" }]', 'when = "event.accepted" }]'),
        "ill_typed",
        "security.kept",
        "7",
        "condition",
    ),
    "security finer than the currency": (
        ('amount = "30.00"', 'amount = "30.001"'),
        "minor_units",
        "security.kept",
        "7",
        "30.001",
    ),
    "security below nothing": (('amount = "30.00"', 'amount = "-30.00"'), "negative", "security.kept", "7", "-30.00"),
    "security whose rate is no number": (
        ('rate = "3%"', 'rate = "three"'),
        "wrong_value",
        "security.kept",
        "7",
        "number",
    ),
    # -- statements -------------------------------------------------------------------------------------------
    "statement that is no condition": (
        ('that = "sum(instalments) == contract.total"', 'that = "sum(instalments)"'),
        "ill_typed",
        "check.1",
        "7",
        "condition",
    ),
    "statement on an unknown instalment": (
        (
            "sum(instalments) ==",
            "instalment.9.amount ==",
        ),
        "unknown_name",
        "check.1",
        "7",
        "",
    ),
}


def load(text: str) -> Loaded:
    return load_files([SourceFile(FILE, text.encode())])


def test_the_undamaged_definition_loads() -> None:
    assert all(problem.level == "warning" for problem in load(VALID).health)


@pytest.mark.parametrize("kind", DAMAGE)
def test_what_is_wrong_is_refused_with_its_place_and_its_remedy(kind: str) -> None:
    (old, new), code, table, clause, mentioned = DAMAGE[kind]
    with pytest.raises(DefinitionRefused) as refusal:
        load(changed(old, new, VALID))
    errors = [problem for problem in refusal.value.problems if problem.level == "error"]
    matching = [p for p in errors if p.code == code and p.table.startswith(table)]
    assert matching, [(p.code, p.table, p.clause, p.text) for p in errors]
    problem = matching[0]
    assert (problem.file, problem.clause) == (FILE, clause)
    assert problem.text and problem.remedy
    assert mentioned in f"{problem.text} {problem.remedy}"
