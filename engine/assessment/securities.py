"""Securities as results: what each amounts to, what was drawn and released, and what it still secures."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from ..definition import Security
from ..derivation import Step, step
from ..language.evaluator import Evaluator
from ..language.spans import Moment, Span, known
from ..money import minor_units, round_money
from ..outcomes import AmountRange, SecurityResult
from ..world import FactWorld

ZERO = Decimal(0)


def security_results(world: FactWorld) -> list[SecurityResult]:
    """Every security, sorted by id."""
    return sorted((_result(world, each) for each in world.definition.securities.values()), key=lambda r: r.id)


def _result(world: FactWorld, security: Security) -> SecurityResult:
    currency = world.definition.contract.currency
    digits = minor_units(currency)
    amount, steps = _amount(world, security, digits)
    released, missing = _released(world, security, amount, digits)
    drawn = world.drawn.get(f"security.{security.id}", ZERO)
    since, until = _validity(world, security)
    in_force, doubts = _in_force(world, since, until)
    zero = round_money(0, digits)
    left = None if amount is None else max(zero, amount - drawn - released)
    missing |= doubts | (frozenset({f"security.{security.id}.amount"}) if amount is None else frozenset())
    return SecurityResult(
        id=security.id,
        key={},
        state="known" if amount is not None and not missing else "pending",
        amount=AmountRange(currency, amount, amount),
        drawn=zero + drawn,
        released=zero + released,
        available=left if in_force is not False else zero,
        valid_from=_moment(since),
        valid_until=_moment(until),
        in_force=in_force,
        missing=tuple(sorted(missing)),
        clause=security.clause,
        derivation=steps,
        title=security.title,
    )


def available(world: FactWorld, security: Security) -> Decimal | None:
    """What a security still secures today: its amount less what was drawn and released; None while not known."""
    digits = minor_units(world.definition.contract.currency)
    amount = _amount(world, security, digits)[0]
    released, missing = _released(world, security, amount, digits)
    if amount is None or missing:
        return None
    if _in_force(world, *_validity(world, security))[0] is False:
        return ZERO
    return max(ZERO, amount - world.drawn.get(f"security.{security.id}", ZERO) - released)


def _released(
    world: FactWorld, security: Security, amount: Decimal | None, digits: int
) -> tuple[Decimal, frozenset[str]]:
    """What was given back so far, never more than the amount, and what is missing to know it all."""
    scope, released, missing = Evaluator(world), ZERO, frozenset[str]()
    for release in security.releases:
        truth = scope.truth(release.when) if release.when is not None else None
        if truth is not None and truth.value is not True:
            missing |= truth.missing if truth.value is None else frozenset()
            continue
        part = release.amount
        if part is None and amount is not None and release.share is not None:
            part = round_money(Fraction(amount) * Fraction(release.share), digits)
        released += part or ZERO
    return (released if amount is None else min(released, amount)), missing


def _validity(world: FactWorld, security: Security) -> tuple[Span | None, Span | None]:
    """From when to when it is in force; None where the contract sets no edge."""
    scope = Evaluator(world)
    since = scope.deadline(security.since) if security.since is not None else None
    if security.until is not None:
        return since, scope.deadline(security.until)
    return since, known(security.valid_until) if security.valid_until is not None else None


def _amount(world: FactWorld, security: Security, digits: int) -> tuple[Decimal | None, tuple[Step, ...]]:
    """The stated amount, the rate of the total, or the rate withheld from what was paid so far."""
    currency, total = world.definition.contract.currency, world.definition.contract.total
    if security.amount is not None:
        return security.amount, (step("security_stated", title=security.title, clause=security.clause,
                                      amount=security.amount, unit=currency),)  # fmt: skip
    if security.rate is not None and total is not None:
        amount = round_money(Fraction(total) * Fraction(security.rate), digits)
        return amount, (step("security_rate", title=security.title, clause=security.clause, total=total, amount=amount,
                             share=f"{(security.rate * 100).normalize():f}%", unit=currency),)  # fmt: skip
    if security.withholding is not None:
        base = sum(world.paid.values(), ZERO)
        amount = round_money(Fraction(base) * Fraction(security.withholding), digits)
        share = f"{(security.withholding * 100).normalize():f}%"
        return amount, (step("security_withheld", title=security.title, clause=security.clause, total=base,
                             amount=amount, share=share, unit=currency),)  # fmt: skip
    return None, ()


def security_amount(world: FactWorld, security: Security) -> Decimal | None:
    """What a security comes to: as stated, by its rate of the total, or withheld from what was paid so far."""
    return _amount(world, security, minor_units(world.definition.contract.currency))[0]


def _in_force(world: FactWorld, since: Span | None, until: Span | None) -> tuple[bool | None, frozenset[str]]:
    order, today = world.zone.order, world.zone.order(world.as_of)
    doubts = frozenset[str]()
    if since is not None and order(since.low) > today:
        return False, doubts
    if until is not None and order(until.high) < today:
        return False, doubts
    if since is not None and order(since.high) > today:
        doubts |= since.missing
    if until is not None and order(until.low) < today:
        doubts |= until.missing
    return (None, doubts) if doubts else (True, doubts)


def _moment(span: Span | None) -> Moment | None:
    return None if span is None else span.value
