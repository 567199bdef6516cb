"""People, parties, roles, the journal, tokens and idempotency records."""

from accounts.models.access import ApiToken, IdempotencyRecord
from accounts.models.journal import JournalChain, JournalEntry
from accounts.models.people import Membership, Party, PartyContact, Role, User

__all__ = [
    "ApiToken",
    "IdempotencyRecord",
    "JournalChain",
    "JournalEntry",
    "Membership",
    "Party",
    "PartyContact",
    "Role",
    "User",
]
