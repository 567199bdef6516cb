"""Invented people, one for each role, of the parties of the loaded contracts. Names say what they are."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from accounts.scoping import SYSTEM
from accounts.selectors import parties_list, people_list, roles_for
from accounts.services import people


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A log-in of the demonstration. `party` is "buyer", "vendor", "supervisor" or "platform"."""

    username: str
    name: str
    party: str
    roles: tuple[str, ...]
    department: str = ""


# The same cast plays for each contract; the prefix tells the casts apart.
CAST = (
    DemoPerson("it", "演示·信息科林工", "buyer", ("IT",)),
    DemoPerson("fin", "演示·财务周会计", "buyer", ("FIN",)),
    DemoPerson("mgr", "演示·分管何主任", "buyer", ("MGR",)),
    DemoPerson("mgr2", "演示·副职许主任", "buyer", ("MGR",)),
    DemoPerson("aud", "演示·审计方老师", "buyer", ("AUD",)),
    DemoPerson("vendor", "演示·乙方项目经理", "vendor", ("VND",)),
    DemoPerson("vendor2", "演示·乙方商务", "vendor", ("VND",)),
)
SUPERVISOR = DemoPerson("sup", "演示·监理工程师", "supervisor", ("SUP",))
PLATFORM = (
    DemoPerson("sec", "演示·安全管理员", "platform", ("SEC",)),
    DemoPerson("sec2", "演示·安全管理员二", "platform", ("SEC",)),
    DemoPerson("sys", "演示·系统管理员", "platform", ("SYS",)),
)
PLATFORM_PARTY = "演示·平台运营"
SUPERVISOR_PARTY = "演示·监理单位"


def demo_password(data_dir: Path) -> str:
    """The one password of all demonstration people: random, made once, kept in the data folder with mode 0600."""
    path = data_dir / "demo_password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(f"demo-{secrets.token_hex(5)}", encoding="ascii")
    return path.read_text(encoding="ascii").strip()


def ensure_party(name: str, kind: str) -> int:
    """The id of the party of this name, created when missing."""
    found = parties_list(viewer=SYSTEM).filter(name=name).first()
    if found is None:
        found = people.party_create(actor=SYSTEM, name=name, kind=kind, is_demo=True)
    return int(found.pk)


def ensure_person(person: DemoPerson, *, prefix: str, party_id: int, password: str) -> str:
    """Create the person with roles when missing; returns the user name."""
    username = f"{prefix}{person.username}"
    if people_list(viewer=SYSTEM).filter(username=username).exists():
        return username
    party = parties_list(viewer=SYSTEM).get(pk=party_id)
    user = people.person_create(
        actor=SYSTEM,
        username=username,
        display_name=person.name,
        party=party,
        password=password,
        department=person.department,
        email=f"{username}@demo.invalid",
    )
    for role in roles_for(party).filter(code__in=person.roles):
        people.role_grant(actor=SYSTEM, user=user, role=role)
    return username
