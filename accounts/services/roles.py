"""Roles: seeding the eight, granting and revoking (security.md §2; GB/T 22239 three administrators)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop as _

ROLES = (
    # code, English name, party kind, excludes the other hats
    ("IT", _("Buyer IT"), "buyer", False),
    ("FIN", _("Finance"), "buyer", False),
    ("MGR", _("Manager"), "buyer", False),
    ("VND", _("Vendor staff"), "vendor", False),
    ("SUP", _("Supervisor"), "supervisor", False),
    ("AUD", _("Auditor"), "buyer", True),
    ("SEC", _("Security administrator"), "platform", True),
    ("SYS", _("System administrator"), "platform", True),
)


def roles_seed(**_kwargs: Any) -> None:
    """Write the eight roles, idempotently. Runs after every migrate."""
    from accounts.models import Role

    for position, (code, name, kind, hat) in enumerate(ROLES):
        Role.objects.update_or_create(
            code=code, defaults={"name": name, "party_kind": kind, "hat": hat, "position": position}
        )
