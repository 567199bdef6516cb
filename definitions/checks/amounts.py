"""Figures that must agree with each other: rows, instalments, shares, securities, capitals, currencies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

from definitions.problems import Problem, make_problem
from definitions.reader import Source
from engine.definition import Definition, Instalment, Line, Security
from engine.money import LARGEST_AMOUNT, LARGEST_QUANTITY, minor_units, parse_capitals, round_money, to_capitals

# What is kept to the last digit, by the field's name; shares and rates are not kept as figures.
LARGEST = {
    "amount": LARGEST_AMOUNT, "total": LARGEST_AMOUNT, "unit_price": LARGEST_QUANTITY, "quantity": LARGEST_QUANTITY,
}  # fmt: skip
ONE = Fraction(1)
PERCENT = 100


def check(source: Source, definition: Definition) -> Iterator[Problem]:
    """Every disagreement between figures of the definition."""
    yield from _contract(source, definition)
    for line in definition.lines.values():
        yield from _line(source, definition, line)
    yield from _line_sum(source, definition)
    yield from _instalments(source, definition)
    for security in definition.securities.values():
        yield from _security(source, definition, security)


def percent(share: Decimal | Fraction) -> str:
    """A fraction as a percentage to read: 1/4 → 25%."""
    scaled = Fraction(share) * PERCENT
    shown = Decimal(scaled.numerator) / Decimal(scaled.denominator)
    return f"{shown.normalize():f}%"


def _capitals(source: Source, table: str, name: str, clause: str, written: str, amount: Decimal) -> Iterator[Problem]:
    place = {"file": source.file_of(table, name), "table": f"{table}.{name}" if name else table, "clause": clause}
    if not written:
        return
    expected = to_capitals(round_money(amount))
    try:
        value = parse_capitals(written)
    except ValueError:
        yield make_problem("capitals_unreadable", **place, capitals=written, expected=expected)
        return
    if value != amount:
        yield make_problem("capitals_differ", **place, capitals=written, value=value, amount=amount, expected=expected)


def _figure(source: Source, table: str, name: str, clause: str, currency: str, **amounts: object) -> Iterator[Problem]:
    """Sign, size and decimals of amounts."""
    digits = minor_units(currency)
    for field, amount in amounts.items():
        if not isinstance(amount, Decimal):
            continue
        place = {"file": source.file_of(table, name), "table": f"{table}.{name}" if name else table, "clause": clause}
        if amount < 0 and field in ("share", "cumulative", "rate", "withholding"):
            yield make_problem("negative", **place, field=field, value=percent(amount))
        elif amount < 0:
            yield make_problem("negative", **place, field=field, value=amount)
        elif amount > LARGEST.get(field, amount):
            yield make_problem("too_large_figure", **place, field=field, value=amount, limit=f"{LARGEST[field]:,}")
        elif field in ("amount", "total") and amount != round_money(amount, digits):
            yield make_problem("minor_units", **place, amount=amount, currency=currency, digits=digits)


def _contract(source: Source, definition: Definition) -> Iterator[Problem]:
    contract = definition.contract
    file = source.file_of("contract")
    if not re.fullmatch(r"[A-Z]{3}", contract.currency):
        yield make_problem("unknown_currency", file=file, table="contract", currency=contract.currency)
    if contract.total is None:
        if definition.instalments or definition.lines:
            yield make_problem("no_total", file=file, table="contract")
        return
    yield from _figure(source, "contract", "", "", contract.currency, total=contract.total)
    yield from _capitals(source, "contract", "", "", contract.capitals, contract.total)


def _line(source: Source, definition: Definition, line: Line) -> Iterator[Problem]:
    place = {"file": source.file_of("line", line.id), "table": f"line.{line.id}", "clause": line.clause}
    cells = (line.unit_price, line.quantity, line.amount)
    if all(cell is None for cell in cells):
        priced = any(other.bundle == line.bundle and other.amount is not None for other in definition.lines.values())
        if not line.bundle or not priced:
            yield make_problem("line_blank", **place)
        return
    unit_price, quantity, amount = cells
    if unit_price is None and quantity is None and amount is not None:
        # a lump sum
        yield from _figure(source, "line", line.id, line.clause, definition.contract.currency, amount=amount)
        return
    if unit_price is None or quantity is None or amount is None:
        yield make_problem("line_half_blank", **place)
        return
    currency = definition.contract.currency
    yield from _figure(
        source, "line", line.id, line.clause, currency, unit_price=unit_price, quantity=quantity, amount=amount
    )
    product = round_money(Fraction(unit_price) * Fraction(quantity), minor_units(currency))
    if product != amount:
        yield make_problem(
            "line_product", **place, unit_price=unit_price, quantity=quantity, product=product, amount=amount
        )


def _line_sum(source: Source, definition: Definition) -> Iterator[Problem]:
    amounts = [line.amount for line in definition.lines.values() if line.amount is not None]
    total = definition.contract.total
    if amounts and total is not None and sum(amounts) != total:
        yield make_problem("lines_sum", file=source.file_of("line"), table="line", sum=sum(amounts), total=total)


def _instalments(source: Source, definition: Definition) -> Iterator[Problem]:
    """Amounts total the price, or shares total 100 %; where both stand they must say the same."""
    parts = list(definition.instalments.values())
    total = definition.contract.total
    if not parts or total is None:
        return
    digits = minor_units(definition.contract.currency)
    for part in parts:
        yield from _instalment(source, definition, part, total, digits)
    yield from _falling(source, parts)
    amounts = [part.amount for part in parts if part.amount is not None]
    file = source.file_of("instalment")
    if len(amounts) == len(parts) and sum(amounts) != total:
        yield make_problem("instalments_sum", file=file, table="instalment", sum=sum(amounts), total=total)
    paid = _shares(parts)
    if paid is not None and paid != ONE and paid + _retained(definition) != ONE:
        yield make_problem("shares_sum", file=file, table="instalment", sum=percent(paid))


def _falling(source: Source, parts: Sequence[Instalment]) -> Iterator[Problem]:
    """Shares that say how far the price is paid never fall: the instalment after would be paid back."""
    reached: Instalment | None = None
    for part in parts:
        if part.cumulative is None:
            continue
        if reached is not None and reached.cumulative is not None and part.cumulative < reached.cumulative:
            yield make_problem(
                "cumulative_falls", file=source.file_of("instalment", part.id), table=f"instalment.{part.id}",
                clause=part.clause, share=percent(part.cumulative), before=percent(reached.cumulative), name=reached.id,
            )  # fmt: skip
        reached = part


def _releases(source: Source, security: Security) -> Iterator[Problem]:
    """Parts returned before the end come to no more than the whole, each of them a figure that can be kept."""
    for release in security.releases:
        if release.amount is not None and release.amount > LARGEST_AMOUNT:
            yield make_problem(
                "too_large_figure", file=source.file_of("security", security.id), table=f"security.{security.id}",
                clause=security.clause, field="releases", value=release.amount, limit=f"{LARGEST_AMOUNT:,}",
            )  # fmt: skip
    share = sum((Fraction(release.share) for release in security.releases if release.share is not None), Fraction(0))
    amounts = [release.amount for release in security.releases if release.amount is not None]
    shown = percent(share) if share > ONE else str(sum(amounts))
    if share > ONE or (security.amount is not None and sum(amounts) > security.amount):
        yield make_problem(
            "releases_exceed", file=source.file_of("security", security.id), table=f"security.{security.id}",
            clause=security.clause, sum=shown,
        )  # fmt: skip


def _shares(parts: Sequence[Instalment]) -> Fraction | None:
    """What the shares come to: a share adds, a cumulative share says how far it goes; None if amounts stand among them
    or a factor may scale one."""
    paid = Fraction(0)
    for part in parts:
        if part.factor is not None:
            return None
        if part.cumulative is not None:
            paid = max(paid, Fraction(part.cumulative))
        elif part.share is not None:
            paid += Fraction(part.share)
        else:
            return None
    return paid


def _retained(definition: Definition) -> Fraction:
    """The share of the price that a retention keeps back beyond the instalments."""
    kept = (s.rate for s in definition.securities.values() if s.rate is not None and s.data.get("kind") == "retention")
    return sum(map(Fraction, kept), Fraction(0))


def _instalment(
    source: Source, definition: Definition, part: Instalment, total: Decimal, digits: int
) -> Iterator[Problem]:
    place = {"file": source.file_of("instalment", part.id), "table": f"instalment.{part.id}", "clause": part.clause}
    if part.amount is None and part.share is None and part.cumulative is None:
        yield make_problem("no_amount", **place)
        return
    yield from _figure(
        source, "instalment", part.id, part.clause, definition.contract.currency,
        amount=part.amount, share=part.share, cumulative=part.cumulative,
    )  # fmt: skip
    if part.amount is not None:
        yield from _capitals(source, "instalment", part.id, part.clause, part.capitals, part.amount)
    if part.amount is not None and part.share is not None:
        exact = Fraction(part.share) * Fraction(total)
        # A remainder of rounding may sit on any instalment: one minor unit per instalment is no contradiction.
        if abs(Fraction(part.amount) - exact) > Fraction(len(definition.instalments), 10**digits):
            yield make_problem(
                "share_amount", **place, level="warning", share=percent(part.share), total=total,
                expected=round_money(exact, digits), amount=part.amount,
            )  # fmt: skip


def _security(source: Source, definition: Definition, security: Security) -> Iterator[Problem]:
    place = {
        "file": source.file_of("security", security.id),
        "table": f"security.{security.id}",
        "clause": security.clause,
    }
    currency, total = definition.contract.currency, definition.contract.total
    yield from _figure(
        source, "security", security.id, security.clause, currency,
        amount=security.amount, rate=security.rate, withholding=security.withholding,
    )  # fmt: skip
    yield from _releases(source, security)
    if security.amount is None:
        return
    yield from _capitals(source, "security", security.id, security.clause, security.capitals, security.amount)
    if security.rate is not None and total is not None:
        expected = round_money(Fraction(security.rate) * Fraction(total), minor_units(currency))
        if expected != security.amount:
            yield make_problem(
                "rate_amount", **place, level="warning", rate=percent(security.rate), total=total,
                expected=expected, amount=security.amount,
            )  # fmt: skip
