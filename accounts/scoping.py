"""Who sees which rows. Every domain model declares once how it reaches a contract (or its parties); doors fetch
through `visible_to(viewer)` and nothing else. A stranger therefore gets 404, never 403."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User

BUSINESS_ROLES = frozenset({"IT", "FIN", "MGR", "VND", "SUP", "AUD"})


@dataclass(frozen=True, slots=True)
class Viewer:
    """The reader or actor of one request: identity, party, roles and when they last proved who they are."""

    user_id: int | None
    party_id: int | None
    kind: str
    roles: frozenset[str]
    label: str
    department: str = ""
    ip: str = ""
    authenticated_at: datetime | None = None
    scopes: frozenset[str] | None = None  # None: a browser session; otherwise the scopes of an API token
    is_system: bool = field(default=False)


SYSTEM = Viewer(user_id=None, party_id=None, kind="platform", roles=frozenset(), label="system", is_system=True)
NOBODY = Viewer(user_id=None, party_id=None, kind="", roles=frozenset(), label="")


def viewer_for(user: User, *, ip: str = "", authenticated_at: datetime | None = None) -> Viewer:
    """The viewer for a person: active memberships only; an inactive person sees nothing. One query."""
    if not user.is_active:
        return NOBODY
    rows = user.memberships.filter(revoked_at=None).values_list("role_id", "user__party__kind")
    roles = frozenset(role for role, _ in rows)
    kind = rows[0][1] if rows else user.party.kind
    return Viewer(
        user_id=user.pk,
        party_id=user.party_id,
        kind=kind,
        roles=roles,
        label=user.display_name or user.username,
        department=user.department,
        ip=ip,
        authenticated_at=authenticated_at,
    )


def request_viewer(request: HttpRequest) -> Viewer:
    """The viewer that `AccessMiddleware` put on the request."""
    viewer: Viewer = getattr(request, "viewer", NOBODY)
    return viewer


def contract_scope(viewer: Viewer, prefix: str = "") -> Q:
    """Contracts a viewer may know of, as a filter on `<prefix>buyer_id` and so on (security.md §2, first row).

    Buyer staff: their party's contracts, of their own department when both name one. Managers, finance and auditors:
    all of the party's. Vendor: its own. Supervisor: where assigned. Security and system administrators: none.
    """
    if viewer.is_system:
        return Q()
    roles = viewer.roles & BUSINESS_ROLES
    if not roles or viewer.party_id is None:
        return Q(pk__in=())
    if viewer.kind == "vendor":
        return Q(**{f"{prefix}vendor_id": viewer.party_id})
    if viewer.kind == "supervisor":
        return Q(**{f"{prefix}supervisor_id": viewer.party_id})
    if viewer.kind != "buyer":
        return Q(pk__in=())
    own = Q(**{f"{prefix}buyer_id": viewer.party_id})
    if roles == {"IT"} and viewer.department:
        own &= Q(**{f"{prefix}department": ""}) | Q(**{f"{prefix}department": viewer.department})
    return own


class ScopedQuerySet(models.QuerySet[Any]):
    """A queryset that can be narrowed to what a viewer may know of."""

    def visible_to(self, viewer: Viewer) -> ScopedQuerySet:
        if viewer.is_system:
            return self.all()
        if viewer.user_id is None:
            return self.none()
        return self.filter(self.model.scope(viewer))


ScopedManager = models.Manager.from_queryset(ScopedQuerySet)


class ContractScoped(models.Model):
    """Base of rows that belong to one contract. `scope_prefix` is the path to it; rows of the buyer's kitchen set
    `internal = True` and are then invisible outside the buyer's party."""

    scope_prefix: ClassVar[str] = "contract__"
    internal: ClassVar[bool] = False

    objects = ScopedManager()

    class Meta:
        abstract = True

    @classmethod
    def scope(cls, viewer: Viewer) -> Q:
        if cls.internal and viewer.kind != "buyer":
            return Q(pk__in=())
        return contract_scope(viewer, cls.scope_prefix)
