"""One function per table of a definition: its fields and their meaning (the schema is described in docs/rules)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..calendars import MONDAY_TO_FRIDAY, VARIANTS, Calendar, build_calendar
from ..language.syntax import Nothing, lift_each
from . import model as m
from .reader import Reader

PROFILES = ("cn", "none")
# Where rows of their own feed a kind of thing or spell; "" leaves it to the facts people enter.
ITEM_DOMAINS = ("", "incident")
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
        currency=r.text("currency", default="CNY"),
        total=r.decimal("total"),
        capitals=r.text("capitals"),
        zone=zone,
        profile=profile,
        calendar=r.text("calendar", default="CN"),
        demo=r.flag("demo"),
        summary=r.text("summary"),
        data=dict(r.data),
    )
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


def _named(r: Reader, name: str, *, clause: bool = False) -> dict[str, Any]:
    return {
        "id": name,
        "title": r.text("title", default=name),
        "clause": r.need_clause() if clause else r.text("clause"),
        "data": dict(r.data),
    }


def _party(r: Reader, name: str) -> m.Party:
    role = r.choice("role", ("buyer", "vendor", "third"), "third")
    return m.Party(**_named(r, name), name=r.text("name", required=True), role=role)


def _term(r: Reader, name: str) -> m.Term:
    start, end = r.expression("start", required=True), r.expression("end", required=True)
    term = m.Term(**_named(r, name), start=start or _NEVER, end=end or _NEVER)
    r.finish("note")
    return term


def _event(r: Reader, name: str) -> m.Event:
    event = m.Event(**_named(r, name), at=r.moment("at"), recorder=r.text("recorder"), confirmer=r.text("confirmer"))
    r.finish("note", "evidence")
    return event


def _item(r: Reader, name: str) -> m.ItemKind:
    item = m.ItemKind(
        **_named(r, name),
        plural=r.text("plural", default=f"{name}s"),
        attributes=r.types("attributes"),
        recorder=r.text("recorder"),
        confirmer=r.text("confirmer"),
        domain=r.choice("domain", ITEM_DOMAINS, ""),
    )
    r.finish("note", "about")
    return item


def _interval(r: Reader, name: str) -> m.IntervalKind:
    interval = m.IntervalKind(
        **_named(r, name),
        plural=r.text("plural", default=f"{name}s"),
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
        **_named(r, name),
        period=r.choice("period", ("day", "week", "month", "quarter", "half", "year"), "month"),
        key=r.types("key"),
        value=r.text("value", default="ratio"),
        recorder=r.text("recorder"),
        confirmer=r.text("confirmer"),
    )
    r.finish("note", "plural")
    return series


def _system(r: Reader, name: str) -> m.System:
    return m.System(**_named(r, name), number=r.whole("number") or 0)


def _line(r: Reader, name: str) -> m.Line:
    return m.Line(
        **_named(r, name),
        number=r.whole("number") or 0,
        unit_price=r.decimal("unit_price"),
        quantity=r.decimal("quantity"),
        amount=r.decimal("amount"),
        bundle=r.text("bundle"),
        group=r.text("group"),
    )


def _free_service(r: Reader, name: str) -> m.FreeService:
    return m.FreeService(**_named(r, name), category=r.text("category"))


def _deliverable(r: Reader, name: str) -> m.Deliverable:
    return m.Deliverable(
        **_named(r, name),
        phase=r.text("phase"),
        recurrence=r.text("recurrence"),
        duty=r.text("duty"),
        basis=r.text("basis"),
        count=r.whole("count"),
    )


def _instalment(r: Reader, name: str) -> m.Instalment:
    return m.Instalment(
        **_named(r, name, clause=True),
        amount=r.decimal("amount"),
        share=r.decimal("share", percent=True),
        capitals=r.text("capitals"),
        duty=r.text("duty"),
        invoice=r.text("invoice"),
        acceptance=r.flag("acceptance"),
    )


def _security(r: Reader, name: str) -> m.Security:
    return m.Security(
        **_named(r, name, clause=True),
        amount=r.decimal("amount"),
        rate=r.decimal("rate", percent=True),
        capitals=r.text("capitals"),
        valid_until=r.day("valid_until"),
    )


def _commitment(r: Reader, name: str) -> m.Commitment:
    return m.Commitment(**_named(r, name), measure=r.text("measure"), target=r.text("target"), window=r.text("window"))


def _penalty_table(r: Reader, name: str) -> m.PenaltyTable:
    return m.PenaltyTable(**_named(r, name, clause=True), formula=r.text("formula"), rows=r.tables("rows"))


def _table(r: Reader, name: str) -> m.RangeTable:
    rows = []
    for index, fields in enumerate(r.tables("rows"), start=1):
        row = Reader(r.problems, f"{r.table}.{index}", fields)
        bounds, value = row.range("range"), row.expression("value", required=True)
        if bounds is None and "range" not in fields:
            row.fail("missing_field", name="range")
        if bounds is not None and value is not None:
            rows.append(m.TableRow(bounds, value, row.text("clause")))
        row.finish("clause", "title", "note", "round")
    table = m.RangeTable(**_named(r, name), rows=tuple(rows), covers=r.range("covers"))
    r.finish("note")
    return table


def _reading(r: Reader, name: str) -> m.Reading:
    options = []
    for index, fields in enumerate(r.options("options"), start=1):
        row = Reader(r.problems, f"{r.table}.options.{index}", fields)
        options.append(m.Option(row.text("key", required=True), row.text("text"), row.expression("value")))
        row.finish("note")
    reading = m.Reading(
        **_named(r, name, clause=True),
        problem=r.text("problem"),
        options=tuple(options),
        default=r.text("default"),
        why=r.text("why"),
        ref=r.text("ref"),
        must_choose=r.flag("must_choose"),
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
        **_named(r, name, clause=True),
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
    right = m.Right(**_named(r, name, clause=True), ref=r.text("ref"), holder=r.texts("holder"))
    r.finish("note", "when", "trigger", "for", "until")
    return right


def _rule(r: Reader, name: str) -> m.Rule:
    rule = m.Rule(
        **_named(r, name, clause=True),
        bindings=r.bindings("for"),
        when=r.expression("when"),
        yields=r.choice("yields", ("money", "points", "right", "refund"), "money"),
        amount=r.expression("amount"),
        because=r.expression("because"),
        debtor=r.text("debtor"),
        creditor=r.text("creditor"),
        findings=r.types("findings"),
    )
    r.finish("note", "round", "row", "table", "severity")
    return rule


def _pool(r: Reader, name: str) -> m.Pool:
    by = r.text("by")
    r.asked.add("by")
    pool = m.Pool(
        **_named(r, name),
        over=r.texts("over"),
        by=r.by(by) if by else (),
        combine=r.text("combine", default="sum"),
        amount=r.expression("amount"),
    )
    r.finish("caps", "round", "claim", "settle", "rest", "note")
    return pool


def _measure(r: Reader, name: str) -> m.Measure:
    measure = m.Measure(
        **_named(r, name), bindings=r.bindings("for"), value=r.expression("value", required=True) or _NEVER
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
    "system": _system, "line": _line, "free_service": _free_service, "deliverable": _deliverable,
    "instalment": _instalment, "security": _security, "commitment": _commitment, "penalty_table": _penalty_table,
    "table": _table, "reading": _reading, "clause": _clause, "policy": _policy, "duty": _duty, "right": _right,
    "rule": _rule, "pool": _pool, "measure": _measure,
}  # fmt: skip
