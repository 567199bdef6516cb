from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accounts.models import Membership, Party, User
from accounts.scoping import SYSTEM, Viewer, viewer_for
from contracts.models import Contract
from definitions.services import contract_load
from tests.definitions.small import SMALL

Person = Callable[..., Viewer]


@pytest.fixture
def contract(db: None, tmp_path: Path) -> Contract:
    """The small contract, loaded."""
    path = tmp_path / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return contract_load(path, actor=SYSTEM).contract


@pytest.fixture
def person(contract: Contract) -> Person:
    """`person("IT")`: somebody with that role, at the party it belongs to, signed in a moment ago."""
    count = 0

    def make(role: str, party: Party | None = None) -> Viewer:
        nonlocal count
        count += 1
        own = party or (contract.vendor if role == "VND" else contract.buyer)
        user = User.objects.create_user(username=f"{role}{count}", display_name=f"{role}{count}", party=own)
        Membership.objects.create(user=user, role_id=role)
        return viewer_for(user, authenticated_at=datetime.now(tz=UTC))

    return make
