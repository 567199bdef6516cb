"""A small world for stories: the demonstration contract, a person for each role, and strangers.

`World.person["IT"]` is buyer IT, `World.person["STRANGER"]` a vendor under another contract,
`World.person["DISABLED"]` a buyer's IT who may no longer log in. Log in with
`world.client("MGR")`: roles, scoping and middleware are the real ones.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import Client

from accounts.models import Party, User
from accounts.scoping import SYSTEM, Viewer, viewer_for
from accounts.services import people
from contracts.models import Contract

DEMO = Path(__file__).resolve().parent.parent / "definitions" / "data" / "DEMO-2026-001"
PASSWORD = "a-long-pass-phrase-7"
CANARY = "CANARY7391"

ROLES = {
    "IT": "buyer",
    "FIN": "buyer",
    "MGR": "buyer",
    "AUD": "buyer",
    "VND": "vendor",
    "SUP": "supervisor",
    "SEC": "platform",
    "SYS": "platform",
}


class Browser(Client):
    """A browser takes a file to its end, whether anybody looks at it or not: nothing stays open behind a test."""

    def request(self, **request: Any) -> Any:
        answer = super().request(**request)
        if answer.streaming:
            answer.streaming_content = [b"".join(answer.streaming_content)]
        return answer


@dataclass
class World:
    contract: Contract
    parties: dict[str, Party]
    person: dict[str, User] = field(default_factory=dict)
    # Sign in once per person: for tables of thousands of requests that share one world.
    reuse_sessions: bool = False
    signed_in: dict[tuple[str | None, bool], str] = field(default_factory=dict)

    def viewer(self, who: str, *, fresh: bool = True) -> Viewer:
        """The person as an actor; `fresh` = proved who they are a moment ago."""
        from datetime import UTC, datetime

        moment = datetime.now(tz=UTC) if fresh else None
        return viewer_for(User.objects.get(pk=self.person[who].pk), ip="127.0.0.1", authenticated_at=moment)

    def client(self, who: str | None, *, fresh: bool = True) -> Client:
        """A browser of that person, signed in; None = nobody signed in."""
        client = Browser()
        if (who, fresh) in self.signed_in:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.signed_in[who, fresh]
        elif who is not None:
            client.force_login(self.person[who], backend="allauth.account.auth_backends.AuthenticationBackend")
            if fresh:
                session = client.session
                session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
                session.save()
            if self.reuse_sessions:
                self.signed_in[who, fresh] = client.cookies[settings.SESSION_COOKIE_NAME].value
        return client

    def join(self, name: str, role: str, party: Party, **fields: Any) -> User:
        """One more person with a role."""
        from accounts.models import Membership

        user = people.person_create(
            actor=SYSTEM, username=name.lower(), display_name=name, party=party, password=PASSWORD, **fields
        )
        Membership.objects.create(user=user, role_id=role)
        self.person[name] = user
        return user


def build_world(definition: Path = DEMO) -> World:
    """Load the contract of `definition` and people it. Call inside a database test."""
    from definitions.services import contract_load

    contract = contract_load(definition, actor=SYSTEM).contract
    supervisor = Party.objects.create(name="演示监理", kind="supervisor")
    Contract.objects.filter(pk=contract.pk).update(supervisor=supervisor)
    contract.refresh_from_db()
    platform = Party.objects.create(name="平台运营", kind="platform")
    parties = {"buyer": contract.buyer, "vendor": contract.vendor, "supervisor": supervisor, "platform": platform}
    world = World(contract, parties)
    for role, party in ROLES.items():
        world.join(role, role, parties[party], email=f"{role.lower()}@example.invalid")
    world.join("MGR2", "MGR", parties["buyer"])
    world.join("IT2", "IT", parties["buyer"], email="it2@example.invalid")
    world.join("VND2", "VND", parties["vendor"])
    other_vendor = Party.objects.create(name=f"{CANARY} 别家公司", kind="vendor")
    world.join("STRANGER", "VND", other_vendor)
    other_buyer = Party.objects.create(name="别的单位", kind="buyer")
    world.join("OTHER_BUYER", "IT", other_buyer)
    disabled = world.join("DISABLED", "IT", parties["buyer"])
    User.objects.filter(pk=disabled.pk).update(is_active=False)
    return world
