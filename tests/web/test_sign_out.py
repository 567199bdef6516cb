"""Signing out ends the session and leaves an entry; the role × method table leaves this route to this test."""

from __future__ import annotations

import pytest

from accounts.models import JournalEntry
from tests.world import build_world

pytestmark = pytest.mark.django_db


def test_signing_out_ends_the_session() -> None:
    client = build_world().client("IT")
    assert client.get("/inbox/").status_code == 200
    assert client.post("/account/logout/").status_code == 302
    assert client.get("/inbox/")["Location"].startswith("/account/login/")
    assert JournalEntry.objects.filter(action="session.end").count() == 1


def test_nobody_can_sign_out_somebody_who_is_not_signed_in() -> None:
    world = build_world()
    answer = world.client(None).post("/account/logout/")
    assert answer.status_code == 302
    assert not JournalEntry.objects.filter(action="session.end").exists()
