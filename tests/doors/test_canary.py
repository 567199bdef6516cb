"""Another vendor's texts, and the buyer's inner ones, appear in no answer to a vendor or a supervisor (security.md C2).

A second contract of the same buyer carries a canary in its number, titles, parties, notes, file names, evidence,
invoice, application, document and reminders; the first contract carries another one in what the buyer keeps to itself.
Every GET address is read by the first contract's vendor and supervisor with the values of both contracts: pages, Excel,
PDF, downloads and the API.
"""

from __future__ import annotations

import io
import subprocess
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import time_machine

from accounts.scoping import SYSTEM
from definitions.services import contract_load
from obligations.models import Obligation
from tests.doors.routes import all_routes
from tests.doors.values import NOW, route_values
from tests.world import CANARY, DEMO, World, build_world

INNER = "INNER5826"
ROUTES = [route for route in all_routes() if route.access and "GET" in route.access.actions]
# Addresses as a curious reader varies them; what was typed comes back on the page, hence only a part of the word.
VARIATIONS = ("", "?format=xlsx", f"?q={CANARY[:6]}", f"?search={CANARY[:6]}", "?as_of=2026-08-01", "?order=register")

pytestmark = pytest.mark.django_db


def text_of(answer: Any) -> str:
    """Everything an answer says: its headers, and its body with workbooks unpacked and documents read."""
    body = b"".join(answer) if answer.streaming else answer.content
    heads = unquote(" ".join(f"{name}: {value}" for name, value in answer.items()))
    if body[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            return heads + "".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())
    if body[:5] == b"%PDF-":
        read = subprocess.run(["pdftotext", "-layout", "-", "-"], input=body, capture_output=True, check=False)
        return heads + read.stdout.decode("utf-8", "replace")
    return heads + body.decode("utf-8", "replace")


def second_contract(world: World, folder: Path) -> World:
    """The same buyer's contract with another vendor, a canary in its number and in front of every title and name."""
    for path in DEMO.glob("*.toml"):
        text = path.read_text(encoding="utf-8").replace("DEMO-2026-001", f"{CANARY}-001")
        text = text.replace('\ntitle = "', f'\ntitle = "{CANARY} ')
        text = text.replace('name = "澜图演示科技有限公司"', f'name = "{CANARY} 别家公司"')
        (folder / path.name).write_text(text, encoding="utf-8")
    contract = contract_load(folder, actor=SYSTEM).contract
    assert contract.buyer_id == world.contract.buyer_id
    assert contract.vendor == world.person["STRANGER"].party
    person = {**world.person, "VND": world.person["STRANGER"], "VND2": world.join("STRANGER2", "VND", contract.vendor)}
    return World(contract, {**world.parties, "vendor": contract.vendor}, person)


def test_another_partys_words_are_in_no_answer(tmp_path: Path) -> None:
    with time_machine.travel(NOW, tick=True):
        world = build_world()
        world.reuse_sessions = True
        other = second_contract(world, tmp_path)
        own = route_values(world, inside=INNER)
        theirs = route_values(other, note=f"{CANARY} 备注", inside=f"{CANARY} {INNER}", number="26112000000087654321")
        for contract in (world.contract, other.contract):
            # A target the buyer sets the vendor (to object within a period, say) is the vendor's to read.
            Obligation.objects.filter(contract=contract, kind="internal", obligor="buyer").update(title=INNER)
        told, asked, seen = [], 0, set()
        for route in ROUTES:
            for values in (own, theirs):
                if route.access and route.access.public and values is theirs:
                    continue  # whoever holds the paper's token may verify it
                for who in ("VND", "SUP"):
                    for variation in VARIATIONS:
                        url = route.url(values) + variation
                        answer = world.client(who).get(url)
                        said = text_of(answer)
                        asked += 1
                        told += [(who, url, word) for word in (CANARY, INNER) if word in said.replace(url, "")]
                        if answer.status_code in (403, 404):
                            break  # who may not see the page gets the same answer however it is varied
            # The buyer's manager reads them: the canaries are where they should be.
            said = text_of(world.client("MGR").get(route.url(theirs)))
            seen |= {(route.name, word) for word in (CANARY, INNER) if word in said}
    assert told == []
    assert asked > 800
    assert len({name for name, word in seen if word == CANARY}) > 25
    assert len({name for name, word in seen if word == INNER}) > 2
