"""Loads the shipped contracts and their cast. The fictional contract's dates are shifted by whole months so that it is
alive on the day it is first loaded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings

from accounts.scoping import SYSTEM
from accounts.selectors import people_list
from contracts.selectors import contracts_list
from contracts.services.parties import supervisor_assign
from definitions.services import contract_load
from web.demo import people

SHIPPED = Path(settings.BASE_DIR) / "definitions" / "data"
# How many months into its term the fictional contract is when it is loaded: late enough for a past, early enough for
# a future.
MONTHS_IN = 7
_DATE = re.compile(r"\b(20\d\d)-(\d\d)-(\d\d)\b")

Say = Callable[[str], Any]


def shifted(text: str, months: int) -> str:
    """`text` with every date moved by whole months; the definition uses firsts and lasts of months only."""

    def move(match: re.Match[str]) -> str:
        year, month, day = (int(part) for part in match.groups())
        last = _month_length(year, month) == day
        index = year * 12 + month - 1 + months
        year, month = divmod(index, 12)
        month += 1
        length = _month_length(year, month)
        return f"{year:04d}-{month:02d}-{length if last else min(day, length):02d}"

    return _DATE.sub(move, text)


def _month_length(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - date(year, month, 1)).days


def _is_demo(folder: Path) -> bool:
    return any("demo = true" in path.read_text(encoding="utf-8") for path in folder.glob("*.toml"))


def _start(folder: Path) -> date:
    import tomllib

    for path in sorted(folder.glob("*.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        if "term" in data:
            start: date = next(iter(data["term"].values()))["start"]
            return start
    raise LookupError(f"{folder} has no term")


def load_all(*, today: date, say: Say) -> dict[str, Any]:
    """Load every shipped contract that is not there yet, with its people; the contracts by folder name."""
    password = people.demo_password(Path(settings.DATA_DIR))
    platform = people.ensure_party(people.PLATFORM_PARTY, "platform")
    for person in people.PLATFORM:
        people.ensure_person(person, prefix="", party_id=platform, password=password)
    loaded = {}
    present = {contract.number: contract for contract in contracts_list(viewer=SYSTEM)}
    for folder in sorted(path for path in SHIPPED.iterdir() if path.is_dir()):
        demo = _is_demo(folder)
        contract = present.get(folder.name)
        if contract is None:
            say(f"Loading {folder.name} …")
            contract = _load_shifted(folder, today) if demo else contract_load(folder, actor=SYSTEM).contract
        prefix = "" if demo else "r-"
        for person in people.CAST:
            party = contract.buyer_id if person.party == "buyer" else contract.vendor_id
            people.ensure_person(person, prefix=prefix, party_id=party, password=password)
        if demo:
            supervisor = people.ensure_party(people.SUPERVISOR_PARTY, "supervisor")
            people.ensure_person(people.SUPERVISOR, prefix=prefix, party_id=supervisor, password=password)
            supervisor_assign(actor=SYSTEM, contract=contract, party_id=supervisor)
        loaded[folder.name] = contract
    return loaded


def _load_shifted(folder: Path, today: date) -> Any:
    start = _start(folder)
    months = (today.year * 12 + today.month) - (start.year * 12 + start.month) - MONTHS_IN
    with TemporaryDirectory() as scratch:
        for path in folder.glob("*.toml"):
            text = shifted(path.read_text(encoding="utf-8"), months)
            (Path(scratch) / path.name).write_text(text, encoding="utf-8")
        return contract_load(Path(scratch), actor=SYSTEM).contract


def logins() -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Log-ins by party: (party, [(user name, name, roles)])."""
    groups: dict[str, list[tuple[str, str, str]]] = {}
    for person in people_list(viewer=SYSTEM).filter(display_name__startswith="演示"):
        roles = ",".join(membership.role_id for membership in person.live_memberships)
        groups.setdefault(person.party.name, []).append((person.username, person.display_name, roles))
    yield from groups.items()
