"""One function per table of a definition: its fields and their meaning (the schema is described in docs/rules)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..calendars import MONDAY_TO_FRIDAY, VARIANTS, Calendar, build_calendar
from ..language.parser import PERIOD_UNITS
from ..language.syntax import Nothing, lift_each
from ..money import MINOR_UNITS
from . import model as m
from .literals import ATTRIBUTE_TYPES, is_money
from .money_tables import (
    read_commitment,
    read_deliverable,
    read_free_service,
    read_instalment,
    read_line,
    read_penalty_table,
    read_security,
)
from .reader import Reader, type_named

PROFILES = ("cn", "none")
# Where rows of their own feed a kind of thing or spell; "" leaves it to the facts people enter.
ITEM_DOMAINS = ("", "incident", "fiscal_delay")
INTERVAL_DOMAINS = ("", "outage", "platform_outage", "exclusion", "spell")
# The settings of a profile and what a literal, or an option of a bound reading, may say.
SETTINGS = {
    "start_day": ("excluded", "included"),
    "calendar": VARIANTS,
    "roll": ("next", "previous", "none"),
}
DEFAULTS = {
    "cn": {"start_day": "excluded", "calendar": "official", "roll": "next"},
    "none": {"start_day": "excluded", "calendar": "official", "roll": "none"},
}

_NEVER = Nothing()


def zone_exists(name: str) -> bool:
    """True for a name of the tz database."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _currency(r: Reader) -> str:
    """The contract's currency: as stated, else the one its price is written in."""
    written = str(r.data.get("total", "")).split()
    own = written[0] if len(written) == 2 and CURRENCY.fullmatch(written[0]) else ""
    stated = r.text("currency", default=own or "CNY")
    if own and own != stated:
        r.fail("two_currencies", left=stated, right=own)
    return stated


def read_contract(r: Reader) -> m.Contract:
    """[contract]"""
    if not r.data:
        r.fail("missing_table", name="contract")
    zone = r.text("zone", default="Asia/Shanghai")
    if not zone_exists(zone):
        r.fail("unknown_zone", name=zone)
        zone = "UTC"
    profile = r.text("profile", default="cn")
    if profile not in PROFILES:
        r.fail("unknown_profile", name=profile)
        profile = "none"
    contract = m.Contract(
        number=r.name("number", required=bool(r.data)),
        title=r.text("title"),
        currency=_currency(r),
        total=r.decimal("total"),
        capitals=r.text("capitals"),
        zone=zone,
        profile=profile,
        calendar=r.text("calendar", default="CN"),
        demo=r.flag("demo"),
        summary=r.text("summary"),
        data=dict(r.data),
    )
    # further fields are the contract's own words: `contract.x` in an expression
    r.finish("department", "notice", keeps=True)
    return contract


def read_profile(r: Reader, profile: str) -> m.Profile:
    """[profile]: settings as literals or bound to readings; unset ones follow the contract's profile."""
    values = {}
    for name, allowed in SETTINGS.items():
        value = r.text(name, default=DEFAULTS[profile][name])
        if not value.startswith("reading.") and value not in allowed:
            r.fail("bad_option", value=value, options=", ".join(allowed))
            value = DEFAULTS[profile][name]
        values[name] = value
    r.finish()
    return m.Profile(**values)


def read_calendar(r: Reader, name: str, zone: str) -> Calendar | None:
    """[calendar.NYC]: a calendar inline, in a zone of its own."""
    place = r.text("zone", default=zone)
    if not zone_exists(place):
        r.fail("unknown_zone", name=place)
        return None
    weekly = r.data.get("weekly", list(MONDAY_TO_FRIDAY))
    r.asked.add("weekly")
    fields = {"rest": r.days("rest"), "work": r.days("work"), "first": r.day("first"), "last": r.day("last")}
    source = r.text("source")
    r.finish("title", "clause", "note", "names")
    try:
        return build_calendar(code=name, zone=place, weekly=weekly, source=source, **fields)  # type: ignore[arg-type]
    except (ValueError, TypeError) as error:
        r.fail("bad_calendar", reason=str(error))
        return None


def _party(r: Reader, name: str) -> m.Party:
    role = r.choice("role", ("buyer", "vendor", "third"), name if name in m.SIDES else "third")
    party = m.Party(**r.named(name), name=r.text("name") or r.text("title", default=name), role=role)
    r.finish("short_name", "address", "notice_address", "tax_number", "contact", "account_holder", "account_bank",
             "account_number", "account_clause", keeps=True)  # fmt: skip
    return party


def _term(r: Reader, name: str) -> m.Term:
    start, end = r.expression("start", required=True), r.expression("end", required=True)
    term = m.Term(**r.named(name), start=start or _NEVER, end=end or _NEVER)
    r.finish("note")
    return term


def _event(r: Reader, name: str) -> m.Event:
    event = m.Event(**r.named(name), at=r.moment("at"), recorder=r.text("recorder"), confirmer=r.text("confirmer"))
    r.finish("note", "evidence")
    return event


def plural_of(name: str) -> str:
    """What several of them are called, where the definition does not say: outages, deliveries, breaches."""
    if name.endswith("y") and name[-2:-1] not in (*"aeiou", ""):
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("s", "x", "ch", "sh")) else f"{name}s"


def _item(r: Reader, name: str) -> m.ItemKind:
    item = m.ItemKind(
        **r.named(name),
        plural=r.text("plural", default=plural_of(name)),
        attributes=r.types("attributes"),
        recorder=r.text("recorder"),
        confirmer=r.text("confirmer"),
        domain=r.choice("domain", ITEM_DOMAINS, ""),
    )
    r.finish("note", "about")
    return item


def _interval(r: Reader, name: str) -> m.IntervalKind:
    interval = m.IntervalKind(
        **r.named(name),
        plural=r.text("plural", default=plural_of(name)),
        attributes=r.types("attributes"),
        key=r.types("key"),
        recorder=r.text("recorder"),
        confirmer=r.text("confirmer"),
        domain=r.choice("domain", INTERVAL_DOMAINS, ""),
    )
    r.finish("note", "grounds")
    return interval


def _series(r: Reader, name: str) -> m.Series:
    series = m.Series(
        **r.named(name),
        period=r.choice("period", ("day", "week", "month", "quarter", "half", "year"), "month"),
        key=r.types("key"),
        value=_figure_type(r),
        recorder=r.text("recorder"),
        confirmer=r.text("confirmer"),
    )
    r.finish("note", "plural")
    return series


def _figure_type(r: Reader) -> str:
    """What a figure is: the type stated, or the one its unit names (a unit such as kWh is a remark)."""
    unit = type_named(r.text("unit"))
    if unit in CURRENCIES:
        unit = f"money({unit})"
    named = unit if unit in ATTRIBUTE_TYPES or is_money(unit) else "number" if unit else "ratio"
    return type_named(r.text("value", default=named))


def _system(r: Reader, name: str) -> m.System:
    system = m.System(**r.named(name), number=r.whole("number") or 0, fee=r.decimal("fee"), months=r.decimal("months"))
    r.finish()
    return system


def _table(r: Reader, name: str) -> m.RangeTable:
    rows = []
    for index, fields in enumerate(r.tables("rows"), start=1):
        row = Reader(r.problems, f"{r.table}.{index}", fields, r.clause)
        bounds, value = row.range("range"), row.expression("value", required=True)
        if bounds is None and "range" not in fields:
            row.fail("missing_field", name="range")
        if bounds is not None and value is not None:
            rows.append(m.TableRow(bounds, value, row.text("clause"), row.expression("round")))
        row.finish("clause", "title", "note", "round")
    table = m.RangeTable(**r.named(name), rows=tuple(rows), covers=r.range("covers"))
    r.finish("note")
    return table


def _reading(r: Reader, name: str) -> m.Reading:
    options = []
    for index, fields in enumerate(r.options("options"), start=1):
        row = Reader(r.problems, f"{r.table}.options.{index}", fields, r.clause)
        options.append(m.Option(row.text("key", required=True), row.text("text"), row.expression("value")))
        row.finish("note")
    reading = m.Reading(
        **r.named(name, clause=True),
        problem=r.text("problem"),
        options=tuple(options),
        default=r.text("default"),
        why=r.text("why"),
        ref=r.text("ref"),
        must_choose=r.flag("must_choose"),
        bindings=r.bindings("for"),
    )
    if not options:
        r.fail("missing_field", name="options")
    r.finish("note")
    return reading


def _clause(r: Reader, name: str) -> m.Clause:
    clause = m.Clause(
        name,
        r.text("title"),
        r.choice("state", ("modelled", "information", "not_modelled"), "information"),
        r.text("note"),
    )
    r.finish()
    return clause


def _policy(r: Reader, name: str) -> m.Policy:
    steps = r.data.get("steps", [])
    r.asked.add("steps")
    if not isinstance(steps, list) or any(isinstance(n, bool) or not isinstance(n, int) for n in steps):
        r.fail("wrong_value", field="steps", expected="a list of whole numbers", value=repr(steps))
        steps = []
    policy = m.Policy(
        name, r.text("title"), tuple(steps), r.text("role"), r.texts("chain"), r.flag("every_workday_after", True)
    )
    r.finish("note", "clause")
    return policy


def _duty(r: Reader, name: str) -> m.Duty:
    due = r.expression("due", required=True)
    reason = r.text("reason")
    if isinstance(due, Nothing):
        due = None
        if not reason.strip():
            r.fail("missing_reason")
    bindings = r.bindings("for")
    if due is not None and not bindings:
        due, each = lift_each(due, "period")
        bindings = (each,) if each is not None else ()
    duty = m.Duty(
        **r.named(name, clause=True),
        ref=r.text("ref"),
        kind=r.choice("kind", ("contractual", "internal", "external"), "contractual"),
        tracking=r.choice("tracking", ("once", "recurring", "event", "standing"), "once"),
        group=r.text("group"),
        category=r.text("category"),
        obligor=r.texts("obligor"),
        obligee=r.texts("obligee"),
        trigger=r.text("trigger"),
        deadline_text=r.text("deadline_text"),
        evidence=r.text("evidence"),
        consequence=r.text("consequence"),
        policy=r.text("policy"),
        lane=r.text("lane"),
        reason=reason,
        bindings=bindings,
        due=due,
        safe=r.expression("safe"),
        target=r.expression("target"),
        gate=r.expression("gate"),
        after_gate=r.expression("after_gate"),
        done=r.expression("done"),
    )
    r.finish("note", "title_en")
    return duty


def _right(r: Reader, name: str) -> m.Right:
    right = m.Right(
        **r.named(name, clause=True),
        ref=r.text("ref"),
        holder=r.texts("holder"),
        bindings=r.bindings("for"),
        when=r.expression("when"),
        until=r.expression("until"),
    )
    r.finish("note", "trigger")
    return right


ROUNDINGS = ("half_up", "half_even", "up", "down")


def _rounding(r: Reader) -> str:
    """`up`, `down CNY 1`, `exact`: how an amount is rounded, and to what; empty is half-up to the minor unit."""
    text = r.text("round").strip()
    mode, _space, unit = text.partition(" ")
    known = not text or text == "exact" or (mode in ROUNDINGS and (not unit or UNIT.fullmatch(unit.strip())))
    if not known:
        r.fail("bad_option", value=text, options="exact, " + ", ".join(f"{each} [CNY 1]" for each in ROUNDINGS))
        return ""
    return text


# A unit of three letters may be a weight or a power as well: these are money.
CURRENCIES = frozenset({*MINOR_UNITS, "AUD", "CAD", "CHF", "CNY", "EUR", "GBP", "HKD", "INR", "SGD", "THB", "USD"})
CURRENCY = re.compile(r"[A-Z]{3}")
UNIT = re.compile(r"(?:[A-Z]{3}\s+)?\d+(?:\.\d+)?")


def _rule(r: Reader, name: str) -> m.Rule:
    rule = m.Rule(
        **r.named(name, clause=True),
        bindings=r.bindings("for"),
        when=r.expression("when"),
        yields=r.choice("yields", ("money", "points", "right", "refund"), "money"),
        amount=r.expression("amount"),
        because=r.expression("because"),
        debtor=r.text("debtor"),
        creditor=r.text("creditor"),
        findings=r.types("findings"),
        round=_rounding(r),
    )
    if rule.amount is None and rule.yields != "right" and "amount" not in r.data:
        r.fail("missing_field", name="amount")
    r.finish("note", "row", "table", "severity")
    return rule


def _pool(r: Reader, name: str) -> m.Pool:
    by = r.text("by")
    pool = m.Pool(
        **r.named(name),
        over=r.texts("over"),
        by=r.by(by) if by else (),
        combine=r.text("combine", default="sum"),
        amount=r.expression("amount"),
        caps=tuple(
            cap
            for number, fields in enumerate(r.tables("caps"), start=1)
            if (cap := _cap(Reader(r.problems, f"{r.table}.caps.{number}", fields, r.clause))) is not None
        ),
        round=_rounding(r),
        claim=r.expression("claim"),
        sinks=tuple(
            _sink(Reader(r.problems, f"{r.table}.settle.{number}", fields, r.clause))
            for number, fields in enumerate(r.tables("settle"), start=1)
        ),
        rest=r.choice("rest", ("forward", "lapse", "pay"), "pay"),
    )
    if not pool.combine.startswith("reading.") and pool.combine not in COMBINE:
        r.fail("bad_option", value=pool.combine, options=", ".join((*COMBINE, "reading.x")))
    if not pool.over:
        r.fail("missing_field", name="over")
    r.finish("note")
    return pool


COMBINE = ("sum", "max", "choose")


def _cap(r: Reader) -> m.Cap | None:
    limit, window, by = r.expression("limit", required=True), r.text("window").strip(), r.text("by")
    length = None
    if window.startswith("rolling "):
        length = r.duration("window", window.removeprefix("rolling "))
    elif window and window not in PERIOD_UNITS and not window.startswith("term."):
        r.fail("bad_option", value=window, options=", ".join((*PERIOD_UNITS, "rolling 12 months", "term.x")))
    cap = m.Cap(
        limit or _NEVER, window, length, r.by(by) if by else (), r.choice("excess", ("lapse", "carry"), "lapse"),
        r.text("clause"),
    )  # fmt: skip
    r.finish("note", "title")
    return cap if limit is not None else None


def _sink(r: Reader) -> m.Sink:
    sink = m.Sink(
        sink=r.text("sink", required=True),
        limit=r.expression("limit"),
        when=r.expression("when"),
        deadline=r.expression("deadline"),
        optional=r.flag("optional"),
    )
    r.finish("note", "title", "clause")
    return sink


def _measure(r: Reader, name: str) -> m.Measure:
    measure = m.Measure(
        **r.named(name), bindings=r.bindings("for"), value=r.expression("value", required=True) or _NEVER
    )
    r.finish("note", "window")
    return measure


def read_check(r: Reader) -> m.Check | None:
    """[[check]]"""
    that = r.expression("that", required=True)
    level = r.choice("level", ("error", "warning"), "warning")
    check = m.Check(that, level, r.text("clause"), r.text("text")) if that is not None else None
    r.finish("title", "note")
    return check


READERS: dict[str, Callable[[Reader, str], Any]] = {
    "party": _party, "term": _term, "event": _event, "item": _item, "interval": _interval, "series": _series,
    "system": _system, "line": read_line, "free_service": read_free_service, "deliverable": read_deliverable,
    "instalment": read_instalment, "security": read_security, "commitment": read_commitment,
    "penalty_table": read_penalty_table, "table": _table, "reading": _reading, "clause": _clause, "policy": _policy,
    "duty": _duty, "right": _right, "rule": _rule, "pool": _pool, "measure": _measure,
}  # fmt: skip
