"""The demonstration contract, its people, and machines that speak for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.services.tokens import SCOPES, token_create
from tests.world import World, build_world


@pytest.fixture
def world(db: None) -> World:
    return build_world()


@pytest.fixture
def machine(world: World) -> Callable[..., Client]:
    """A client that sends a person's token with every request: `machine("IT", scopes=["contracts"])`."""

    def make(who: str, scopes: Any = SCOPES) -> Client:
        _token, secret = token_create(actor=world.viewer(who), name="machine", scopes=list(scopes), days=30)
        return Client(headers={"authorization": f"Bearer {secret}", "accept-language": "en"})

    return make
