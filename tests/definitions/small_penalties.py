"""A small definition with a rule, pool, measure, table, reading, right and security of each sort, and the passages
of it that tests damage."""

from __future__ import annotations

from tests.definitions.small import changed

PENALTIES = """\
[measure.response]
title = "响应时长"
clause = "7"
for = "incidents as i"
value = "i.answered - i.at"
[measure.downtime]
title = "停机时长"
clause = "7"
for = "each(month of term.service) as m, systems as s"
value = "|outages[system == s] over m|"
[table.late]
title = "迟延比例"
clause = "7"
covers = "[0 minutes, 90 minutes)"
rows = [
  { range = "[0 minutes, 30 minutes)", value = "0%" },
  { range = "[30 minutes, 90 minutes)", value = "5%" },
]
[table.weeks]
title = "按周累进"
clause = "7"
rows = [
  { range = "[0, 2]", value = "CNY 10" },
  { range = "(2, )", value = "CNY 20" },
]
[reading.how]
title = "合并方式"
clause = "7"
default = "max"
options = [{ key = "sum" }, { key = "max" }]
[reading.base]
title = "计算基数"
clause = "7"
default = "whole"
options = [{ key = "whole", value = "contract.total" }, { key = "part", value = "instalment.1.amount" }]
[rule.slow]
title = "响应迟延"
clause = "7"
for = "incidents as i"
when = "measure.response(i) > 30 minutes and i.major"
yields = "money"
amount = "band(measure.response(i), table.late) * reading.base"
because = "i"
debtor = "vendor"
creditor = "buyer"
[rule.late]
title = "月报逾期"
clause = "7"
for = "breaches(duty.report) as b"
yields = "money"
amount = "tier(steps(b.days, 7, up), table.weeks)"
debtor = "vendor"
creditor = "buyer"
[rule.repeat]
title = "重复故障记分"
clause = "7"
for = "incidents as i"
when = "ordinal(incidents over term.service, cause) >= 2"
yields = "points"
amount = "2 points"
[rule.run]
title = "连续不达标"
clause = "7"
for = "each(month of term.service) as m, systems as s"
when = "streak(availability[value < 99%, system == s], month) >= 3"
yields = "right"
[pool.heavier]
title = "同因取重"
clause = "7"
over = ["slow"]
by = "linked(incident, cause)"
combine = "reading.how"
[pool.year]
title = "年度违约金"
clause = "7"
over = ["heavier", "late"]
combine = "sum"
caps = [{ limit = "contract.total * 10%", window = "rolling 12 months" }]
settle = [{ sink = "instalment.2", limit = "instalment.2.amount" }, { sink = "security.performance", optional = true }]
rest = "pay"
[pool.points]
title = "月度记分"
clause = "7"
over = ["repeat"]
by = "month"
caps = [{ limit = "12 points" }]
[right.end]
title = "解除"
clause = "7"
holder = ["buyer"]
when = "assessed(pool.year) >= CNY 100"
[security.kept]
title = "质保金"
clause = "7"
kind = "retention"
amount = "30.00"
rate = "3%"
since = "event.accepted"
until = "event.accepted + 12 months"
releases = [{ share = "50%", when = "happened(event.accepted)" }]
"""
VALID = changed("reported =", 'answered = "instant", cause = "text", reported =') + PENALTIES

SLOW = 'amount = "band(measure.response(i), table.late) * reading.base"'
LATE = 'amount = "tier(steps(b.days, 7, up), table.weeks)"'
WHEN = 'when = "measure.response(i) > 30 minutes and i.major"'
REPEAT = 'when = "ordinal(incidents over term.service, cause) >= 2"'
RUN = 'when = "streak(availability[value < 99%, system == s], month) >= 3"'
CAP = 'caps = [{ limit = "contract.total * 10%", window = "rolling 12 months" }]'
BY = 'by = "linked(incident, cause)"'
YEAR = 'over = ["heavier", "late"]'
SINK = '{ sink = "instalment.2", limit = "instalment.2.amount" }'
WHOLE = '{ key = "whole", value = "contract.total" }'
FIRST = 'amount = "400.00"\nshare = "40%"\ncapitals = "肆佰元整"'
LAST = 'amount = "600.00"\nshare = "60%"'
ROWS = ('range = "[30 minutes, 90 minutes)"', 'range = "[0 minutes, 30 minutes)"')
VALUE = 'value = "i.answered - i.at"'


KEPT = 'kind = "retention"\n'


def amount(written: str, old: str = SLOW) -> tuple[str, str]:
    return old, f'amount = "{written}"'
