"""API tokens: made by their owner, shown once, stored as a hash, always expiring (ASVS 6; issue: scoped tokens)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from accounts.models import ApiToken, User
from accounts.policy import require
from accounts.scoping import Viewer, viewer_for
from accounts.services.people import AccountRefused

SCOPES = ("contracts", "obligations", "reminders", "milestones", "penalties")
LONGEST = timedelta(days=366)


def digest(secret: str) -> str:
    """SHA-256 of a token; tokens are 256-bit random, so no slow hash is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def token_create(*, actor: Viewer, name: str, scopes: Sequence[str], days: int) -> tuple[ApiToken, str]:
    """Make a token of the actor for `days` (1 to 366) and return it with its secret, which is never shown again.

    Raises AccountRefused for unknown scopes or a lifetime out of range.
    """
    require(actor, "api.token")
    if actor.user_id is None:
        raise AccountRefused(_("A token belongs to a person; sign in."))
    unknown = set(scopes) - set(SCOPES)
    if unknown or not scopes:
        raise AccountRefused(_("Choose at least one of the listed scopes."), "scopes")
    if not 1 <= days <= LONGEST.days:
        raise AccountRefused(_("A token lives between 1 and 366 days."), "days")
    secret = f"lyt_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(
        user_id=actor.user_id,
        name=name.strip(),
        prefix=secret[:12],
        digest=digest(secret),
        scopes=sorted(scopes),
        expires_at=timezone.now() + timedelta(days=days),
    )
    journal.record(
        actor,
        "token.create",
        token,
        chain=journal.ACCOUNTS_CHAIN,
        after={"name": token.name, "scopes": token.scopes, "expires_at": token.expires_at},
    )
    return token, secret


@transaction.atomic
def token_revoke(*, actor: Viewer, token: ApiToken) -> None:
    """End a token at once."""
    require(actor, "api.token", token)
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
    journal.record(actor, "token.revoke", token, chain=journal.ACCOUNTS_CHAIN)


def viewer_for_token(secret: str, *, ip: str = "") -> tuple[User, Viewer] | None:
    """The person and viewer behind a live token, or None. The viewer carries the token's scopes."""
    now = timezone.now()
    token = (
        ApiToken.objects.select_related("user__party")
        .filter(digest=digest(secret), revoked_at=None, expires_at__gt=now, user__is_active=True)
        .first()
    )
    if token is None:
        return None
    if token.last_used_at is None or now - token.last_used_at > timedelta(minutes=10):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    base = viewer_for(token.user, ip=ip)
    return token.user, Viewer(
        user_id=base.user_id,
        party_id=base.party_id,
        kind=base.kind,
        roles=base.roles,
        label=base.label,
        department=base.department,
        ip=ip,
        scopes=frozenset(token.scopes),
    )
