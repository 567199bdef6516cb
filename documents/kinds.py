"""What a kind of document is, and the words, amounts and dates that all of them print the same way.

Documents are papers for the files of a Chinese public body and its vendor: Chinese whatever the issuer's language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from contracts.models import Contract
from engine.money import to_capitals

SYMBOLS = {"CNY": "¥"}
DUE_STATES = {"provisional": "（暂定，次年节假日公布后可能变动）", "pending": "待条件成就", "never": "不再适用"}
ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of document. Its template is `templates/documents/<code>.html`.

    `load` finds what a document is about by the key of its subject ("<about>:<key>") and returns None if there is none;
    `refuse` says why no document can be issued about it now, "" if one can; `content` freezes everything the document
    says as JSON, amounts and dates as text: equal as long as nothing it says has changed; `layout` turns the frozen
    content into the template's words and reads nothing else; a `title` among them stands instead of the kind's.
    """

    code: str
    title: str
    prefix: str
    about: str
    load: Callable[[str], Any]
    refuse: Callable[[Any], str]
    content: Callable[[Any], dict[str, Any]]
    layout: Callable[[Mapping[str, Any]], dict[str, Any]]
    # Addressed to the vendor, who then reads it in the portal; otherwise it never leaves the buyer's house.
    to_vendor: bool = False

    def subject(self, key: str) -> str:
        """How a document keeps what it is about."""
        return f"{self.about}:{key}"

    def find(self, key: str) -> Any:
        """`load` for a key as it comes in an address."""
        return self.load(key) if key.isdecimal() and len(key) < 19 else None


def contract_of(subject: Any) -> Contract:
    """The contract a subject belongs to."""
    return subject if isinstance(subject, Contract) else subject.contract


def contract_facts(contract: Contract) -> dict[str, Any]:
    """The parties and the contract as every document names them."""
    return {
        "number": contract.number,
        "title": contract.title,
        "currency": contract.currency,
        "total": str(contract.total),
        "signed_on": day(contract.signed_on),
        "buyer": contract.buyer.name,
        "vendor": contract.vendor.name,
    }


def priced(amount: Decimal, **rest: Any) -> dict[str, Any]:
    """An amount in figures and in capitals; the renderer compares the two again before it prints them."""
    return {"amount": str(amount), "capitals": to_capitals(amount), **rest}


def day(given: date | None) -> str:
    return given.isoformat() if given else ""


def local_day(moment: datetime | None, contract: Contract) -> str:
    """The day of a moment where the contract is performed."""
    return moment.astimezone(ZoneInfo(contract.zone)).date().isoformat() if moment else ""


def name_of(person: Any) -> str:
    return str(person.display_name) if person else ""


def money(amount: str | Decimal, currency: str) -> str:
    """Figures as printed: ¥1,234.50; a negative one carries its sign in front."""
    value = Decimal(amount)
    sign = "−" if value < 0 else ""
    return f"{sign}{SYMBOLS.get(currency, currency + ' ')}{abs(value):,}"


def total(amounts: Iterable[str | Decimal]) -> Decimal:
    return sum((Decimal(amount) for amount in amounts), ZERO)


def clause_text(number: str) -> str:
    """A clause as it is cited; an annex keeps its name."""
    if not number:
        return "—"
    return f"第 {number} 条" if number[:1].isdigit() else number


def long_day(text: str) -> str:
    """2025-11-04 as it stands in a letter: 2025 年 11 月 4 日."""
    if not text:
        return "—"
    found = date.fromisoformat(text)
    return f"{found.year} 年 {found.month} 月 {found.day} 日"


def line(text: str, amount: str, sign: str = "", kind: str = "") -> dict[str, Any]:
    """A line of a reckoning (应付 − 抵扣 = 实付): its sign, words and figures; `kind` "sum" is ruled off."""
    return {"text": text, "amount": amount, "sign": sign, "kind": kind}


def taken_off(text: str, back: str, amount: str | Decimal, currency: str) -> dict[str, Any]:
    """A line that lowers what is left; called `back` and added again where the amount is a counter-entry's."""
    value = Decimal(amount)
    return line(text, money(value, currency), "−") if value > 0 else line(back, money(-value, currency), "＋")


def listed(rows: Iterable[Mapping[str, Any]], currency: str) -> list[dict[str, Any]]:
    """Rows of a table with their amounts and clauses as printed."""
    return [{**row, "amount": money(row["amount"], currency), "clause": clause_text(row["clause"])} for row in rows]
