"""A small whole contract to damage, load and ask about: every figure agrees with every other."""

from __future__ import annotations

SMALL = """\
format = 1
[contract]
number = "SMALL-1"
title = "小合同"
total = "1000.00"
capitals = "壹仟元整"
currency = "CNY"
zone = "Asia/Shanghai"
profile = "cn"
calendar = "CN"
[party.buyer]
name = "小买方"
role = "buyer"
[party.vendor]
name = "小卖方"
role = "vendor"
[term.service]
start = 2025-07-01
end = 2026-06-30
clause = "5"
[clause."5"]
title = "服务期"
state = "modelled"
[clause."7"]
title = "付款"
state = "modelled"
[policy.default]
steps = [7, 1, 0]
role = "IT"
chain = ["MGR"]
[event.effective]
title = "生效"
clause = "7"
at = 2025-06-25
recorder = "IT"
[event.accepted]
title = "验收"
clause = "7"
recorder = "IT"
confirmer = "MGR"
[event.invoice]
title = "发票"
clause = "7"
recorder = "FIN"
[item.guarantee]
title = "保函"
plural = "guarantees"
clause = "7"
recorder = "FIN"
confirmer = "MGR"
attributes = { expires = "date", amount = "money", renewed = "date" }
[item.incident]
title = "故障"
clause = "7"
recorder = "IT"
attributes = { reported = "instant", systems = "systems", major = "bool", people = "count" }
[interval.outage]
title = "停机"
clause = "7"
key = { incident = "incident", system = "system" }
recorder = "IT"
[series.availability]
title = "可用性"
clause = "7"
period = "month"
key = { system = "system" }
value = "ratio"
recorder = "IT"
[system.s1]
number = 1
title = "官网"
[line.r01]
number = 1
title = "主机"
unit_price = "100"
quantity = "6"
amount = "600"
clause = "7"
[line.r02]
number = 2
title = "加密"
unit_price = "200"
quantity = "2"
amount = "400"
bundle = "crypto"
clause = "7"
[line.r03]
number = 3
title = "加密附件"
bundle = "crypto"
clause = "7"
[instalment.1]
title = "首款"
clause = "7"
amount = "400.00"
share = "40%"
capitals = "肆佰元整"
duty = "payment_1"
invoice = "invoice"
[instalment.2]
title = "尾款"
clause = "7"
amount = "600.00"
share = "60%"
duty = "payment_2"
[security.performance]
title = "保证金"
clause = "7"
amount = "50.00"
rate = "5%"
capitals = "伍拾元整"
valid_until = 2026-07-30
[reading.strict]
title = "读法"
clause = "7"
ref = "D-1"
problem = "含不含当日"
default = "no"
why = "通例"
options = [{ key = "no", text = "含" }, { key = "yes", text = "不含" }]
[duty.payment_1]
ref = "OB-1"
title = "付首款"
clause = "7"
obligor = ["buyer"]
obligee = ["vendor"]
policy = "default"
due = "event.effective + 90 workdays"
[duty.payment_2]
ref = "OB-2"
title = "付尾款"
clause = "7"
obligor = ["buyer"]
obligee = ["vendor"]
policy = "default"
due = "latest(end(term.service), event.accepted) + 30 days"
gate = "happened(event.invoice)"
[duty.report]
ref = "OB-3"
title = "月报"
clause = "7"
kind = "internal"
tracking = "recurring"
obligor = ["vendor"]
obligee = ["buyer"]
policy = "default"
for = "each(month of term.service) as m"
due = "end(m) + 5 workdays"
[duty.secrecy]
ref = "OB-4"
title = "保密"
clause = "7"
tracking = "standing"
obligor = ["vendor"]
obligee = ["buyer"]
policy = "default"
due = "none"
reason = "持续"
[duty.renewal]
ref = "OB-5"
title = "续函"
clause = "7"
tracking = "event"
obligor = ["vendor"]
obligee = ["buyer"]
policy = "default"
for = "guarantees as g"
due = "g.expires - 15 workdays"
done = "g.renewed"
[[check]]
that = "sum(instalments) == contract.total"
level = "error"
clause = "7"
text = "两笔付款合计应等于总价。"
"""


def changed(old: str, new: str, text: str = SMALL) -> str:
    """The definition with one passage replaced; it must be there exactly as written, once or more."""
    assert old in text, old
    return text.replace(old, new, 1)
