"""People, parties and contacts: who may create and change them (security.md §2, row "Accounts")."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import journal
from accounts.models import Membership, Party, PartyContact, Role, User
from accounts.policy import require
from accounts.scoping import Viewer


class AccountRefused(ValueError):
    """Bad input about people or roles; `message` says what to do next, `field` names the form field."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


def _record(actor: Viewer, action: str, obj: Any, **changes: Any) -> None:
    journal.record(actor, action, obj, chain=journal.ACCOUNTS_CHAIN, **changes)


@transaction.atomic
def party_create(*, actor: Viewer, name: str, kind: str, **fields: Any) -> Party:
    """Create a party. `name` is unique; `kind` is one of Party.Kind. Raises AccountRefused."""
    require(actor, "party.edit")
    if Party.objects.filter(name=name.strip()).exists():
        raise AccountRefused(_("A party with this name exists. Open it in the list instead."), "name")
    party = Party.objects.create(name=name.strip(), kind=kind, **fields)
    _record(actor, "party.create", party, after={"name": party.name, "kind": kind, **fields})
    return party


@transaction.atomic
def party_update(*, actor: Viewer, party: Party, **fields: Any) -> Party:
    """Change a party's addresses or numbers; its name and kind stay, because contracts were signed under them."""
    require(actor, "party.edit", party)
    before = {name: getattr(party, name) for name in fields}
    for name, value in fields.items():
        setattr(party, name, value)
    party.save(update_fields=list(fields))
    _record(actor, "party.update", party, before=before, after=fields)
    return party


@transaction.atomic
def person_create(
    *, actor: Viewer, username: str, display_name: str, party: Party, password: str = "", **fields: Any
) -> User:
    """Create a person without any role. An empty password makes an account that must be reset by mail first.

    Raises AccountRefused for a user name in use or a password that the policy refuses.
    """
    require(actor, "people.create")
    username = username.strip()
    if User.objects.filter(username__iexact=username).exists():
        raise AccountRefused(_("This user name is taken. Choose another one."), "username")
    user = User(username=username, display_name=display_name.strip(), party=party, **fields)
    if password:
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise AccountRefused(" ".join(error.messages), "password") from error
        user.set_password(password)
    else:
        user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise AccountRefused(_("This user name is taken. Choose another one."), "username") from error
    _record(actor, "person.create", user, after={"username": username, "party": party, **fields})
    return user


@transaction.atomic
def person_update(*, actor: Viewer, user: User, **fields: Any) -> User:
    """Change name, address, department or activity. A disabled person's sessions end with their next request, because
    roles and activity are read anew for every request."""
    require(actor, "people.edit", user)
    if actor.user_id == user.pk and fields.get("is_active") is False:
        raise AccountRefused(_("You cannot disable yourself. Ask another administrator."), "is_active")
    before = {name: getattr(user, name) for name in fields}
    for name, value in fields.items():
        setattr(user, name, value)
    user.save(update_fields=list(fields))
    _record(actor, "person.update", user, before=before, after=fields)
    return user


@transaction.atomic
def role_grant(*, actor: Viewer, user: User, role: Role) -> Membership:
    """Give a person a role of their party's kind. Nobody grants to themselves; AUD, SEC and SYS exclude one another.

    Raises AccountRefused; the database refuses the same by constraint.
    """
    require(actor, "role.grant", user)
    if actor.user_id == user.pk:
        raise AccountRefused(_("Nobody changes their own roles. Ask another security administrator."), "role")
    if role.party_kind != user.party.kind:
        raise AccountRefused(
            _("This role belongs to another kind of party. Choose a role of the person's party."), "role"
        )
    held = set(user.memberships.filter(revoked_at=None).values_list("role_id", flat=True))
    if role.pk in held:
        raise AccountRefused(_("The person already holds this role."), "role")
    try:
        with transaction.atomic():
            membership = Membership.objects.create(user=user, role=role, granted_by_id=actor.user_id)
    except IntegrityError as error:
        raise AccountRefused(
            _("Auditor, security administrator and system administrator exclude one another. Revoke the other first."),
            "role",
        ) from error
    _record(actor, "role.grant", user, before={"roles": sorted(held)}, after={"roles": sorted(held | {role.pk})})
    return membership


@transaction.atomic
def role_revoke(*, actor: Viewer, membership: Membership) -> None:
    """End a membership; the row stays. It counts from the person's next request on."""
    user = membership.user
    require(actor, "role.grant", user)
    if actor.user_id == user.pk:
        raise AccountRefused(_("Nobody changes their own roles. Ask another security administrator."), "role")
    changed = Membership.objects.filter(pk=membership.pk, revoked_at=None).update(
        revoked_at=timezone.now(), revoked_by_id=actor.user_id
    )
    if not changed:
        raise AccountRefused(_("This role was already revoked."), "role")
    _record(actor, "role.revoke", user, before={"role": membership.role_id})


@transaction.atomic
def contact_add(*, actor: Viewer, party: Party, **fields: Any) -> PartyContact:
    """Add a way to reach a party, with its purpose and where it comes from (register D-96, D-97)."""
    require(actor, "contact.edit")
    contact = PartyContact.objects.create(party=party, **fields)
    _record(actor, "contact.add", contact, after={"party": party, "purpose": contact.purpose})
    return contact


@transaction.atomic
def contact_end(*, actor: Viewer, contact: PartyContact) -> None:
    """End a contact; it stays in the history."""
    require(actor, "contact.edit")
    PartyContact.objects.filter(pk=contact.pk, ended_at=None).update(ended_at=timezone.now())
    _record(actor, "contact.end", contact)


@transaction.atomic
def preferences_update(*, actor: Viewer, user: User, email: str, phone: str, language: str) -> None:
    """A person changes their own address, telephone or language."""
    require(actor, "self.manage")
    before = {"email": user.email, "phone": user.phone, "language": user.language}
    user.email, user.phone, user.language = email, phone, language
    user.save(update_fields=["email", "phone", "language"])
    _record(actor, "self.update", user, before=before, after={"email": email, "phone": phone, "language": language})


def initial_password() -> str:
    """A random first password of 16 characters, handed over once."""
    return secrets.token_urlsafe(12)
