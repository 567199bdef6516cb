"""Reads about people, parties, roles and the journal, always through a viewer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from accounts.models import ApiToken, JournalEntry, Membership, Party, PartyContact, Role, User
from accounts.policy import NotVisible, may_read
from accounts.scoping import Viewer

PAGE = 50


def people_list(*, viewer: Viewer, text: str = "") -> QuerySet[User]:
    """People the viewer may know of, with party and live roles. Three queries whatever the number."""
    people = (
        User.objects.visible_to(viewer)
        .select_related("party")
        .prefetch_related(Prefetch("memberships", queryset=Membership.objects.select_related("role")))
    )
    if text:
        people = people.filter(Q(display_name__icontains=text) | Q(username__icontains=text))
    return people.order_by("party__name", "display_name", "pk")


def person_get(pk: int, *, viewer: Viewer) -> User:
    """One person. Raises NotVisible."""
    person = people_list(viewer=viewer).filter(pk=pk).first()
    if person is None:
        raise NotVisible("")
    return person


def membership_get(pk: int, *, viewer: Viewer) -> Membership:
    membership = Membership.objects.visible_to(viewer).select_related("user__party", "role").filter(pk=pk).first()
    if membership is None:
        raise NotVisible("")
    return membership


def parties_list(*, viewer: Viewer) -> QuerySet[Party]:
    return Party.objects.visible_to(viewer)


def party_get(pk: int, *, viewer: Viewer) -> Party:
    """One party. Raises NotVisible."""
    party = parties_list(viewer=viewer).filter(pk=pk).first()
    if party is None:
        raise NotVisible("")
    return party


def contacts_of(party: Party, *, viewer: Viewer) -> QuerySet[PartyContact]:
    return PartyContact.objects.visible_to(viewer).filter(party=party, ended_at=None)


def contact_get(pk: int, *, viewer: Viewer) -> PartyContact:
    contact = PartyContact.objects.visible_to(viewer).filter(pk=pk, ended_at=None).first()
    if contact is None:
        raise NotVisible("")
    return contact


def roles_for(party: Party) -> QuerySet[Role]:
    """Roles that people of this party may hold."""
    return Role.objects.filter(party_kind=party.kind)


def tokens_of(*, viewer: Viewer) -> QuerySet[ApiToken]:
    return ApiToken.objects.visible_to(viewer)


def token_get(pk: int, *, viewer: Viewer) -> ApiToken:
    token = tokens_of(viewer=viewer).filter(pk=pk).first()
    if token is None:
        raise NotVisible("")
    return token


def journal_page(
    *, viewer: Viewer, before_id: int | None = None, text: str = "", chain: str = "", size: int = PAGE
) -> tuple[Sequence[JournalEntry], int | None]:
    """Newest entries first, `size` a page, keyset by id. Returns the rows and the id to continue before, or None."""
    if not may_read(viewer, "journal.read"):
        raise NotVisible("")
    entries = JournalEntry.objects.visible_to(viewer)
    if before_id:
        entries = entries.filter(pk__lt=before_id)
    if chain:
        entries = entries.filter(chain_id=chain)
    if text:
        entries = entries.filter(
            Q(action__icontains=text) | Q(object_label__icontains=text) | Q(actor_label__icontains=text)
        )
    rows = list(entries.order_by("-pk")[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    return rows, rows[-1].pk if more and rows else None


def object_history(obj: Any, *, viewer: Viewer, limit: int = 20) -> Sequence[JournalEntry]:
    """Recent entries about one object, for readers of the object itself: buyer's people see all of them, others only
    their own party's acts."""
    entries = JournalEntry.objects.filter(object_type=obj._meta.label_lower, object_id=str(obj.pk))
    if viewer.kind != "buyer":
        entries = entries.filter(actor_party_id=viewer.party_id)
    return list(entries.order_by("-pk")[:limit])


def contract_activity(contract_id: int, *, viewer: Viewer, limit: int = 8) -> Sequence[JournalEntry]:
    """Latest acts on one contract, for its overview."""
    entries = JournalEntry.objects.filter(chain_id=f"contract:{contract_id}", result="done")
    if viewer.kind != "buyer":
        entries = entries.filter(actor_party_id=viewer.party_id)
    return list(entries.order_by("-pk")[:limit])
