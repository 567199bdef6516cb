"""Roles: seeding the eight, granting and revoking (security.md §2; GB/T 22239 three administrators)."""

from __future__ import annotations

from typing import Any

ROLES = (
    # code, English name, party kind, excludes the other hats
    ("IT", "Buyer IT", "buyer", False),
    ("FIN", "Finance", "buyer", False),
    ("MGR", "Manager", "buyer", False),
    ("VND", "Vendor staff", "vendor", False),
    ("SUP", "Supervisor", "supervisor", False),
    ("AUD", "Auditor", "buyer", True),
    ("SEC", "Security administrator", "platform", True),
    ("SYS", "System administrator", "platform", True),
)


def roles_seed(**_kwargs: Any) -> None:
    """Write the eight roles, idempotently. Runs after every migrate."""
    from accounts.models import Role

    for position, (code, name, kind, hat) in enumerate(ROLES):
        Role.objects.update_or_create(
            code=code, defaults={"name": name, "party_kind": kind, "hat": hat, "position": position}
        )
