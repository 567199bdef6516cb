"""Log-ins, failed log-ins and log-outs leave a journal entry (GB/T 22239 8.1.4.3: time, person, type, result)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from accounts import journal
from accounts.models import User
from accounts.scoping import NOBODY, Viewer


def _viewer(user: User, request: HttpRequest | None) -> Viewer:
    ip = str(request.META.get("REMOTE_ADDR", ""))[:45] if request is not None else ""
    return Viewer(user.pk, user.party_id, "", frozenset(), str(user), ip=ip)


@receiver(user_logged_in)
def logged_in(sender: Any, request: HttpRequest | None, user: User, **_kwargs: Any) -> None:
    agent = request.META.get("HTTP_USER_AGENT", "")[:200] if request is not None else ""
    with transaction.atomic():
        journal.record(
            _viewer(user, request), "session.start", user, chain=journal.ACCOUNTS_CHAIN, after={"agent": agent}
        )


@receiver(user_logged_out)
def logged_out(sender: Any, request: HttpRequest | None, user: User | None, **_kwargs: Any) -> None:
    if user is None:
        return
    with transaction.atomic():
        journal.record(_viewer(user, request), "session.end", user, chain=journal.ACCOUNTS_CHAIN)


@receiver(user_login_failed)
def login_failed(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **_kwargs: Any) -> None:
    """Only a name that exists is written down: what strangers type into the field may be a password."""
    name = str(credentials.get("username", ""))
    user = User.objects.filter(username__iexact=name).first() if name else None
    viewer = _viewer(user, request) if user is not None else NOBODY
    with transaction.atomic():
        journal.record(viewer, "session.refused", user, chain=journal.ACCOUNTS_CHAIN, result="denied")
