"""The journal: append-only, one hash chain per contract and one for accounts. Triggers on both databases refuse
UPDATE and DELETE; see migration 0002."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.people import Party, User
from accounts.scoping import ScopedManager, Viewer


class JournalChain(models.Model):
    """Head of one chain. The row is locked while an entry is added, so entries of a chain are in one order."""

    name = models.CharField(max_length=60, primary_key=True)
    length = models.PositiveBigIntegerField(default=0)
    head = models.CharField(max_length=64, default="")

    def __str__(self) -> str:
        return self.name


class JournalEntry(models.Model):
    """Who did what to which object, when, from where, and what changed. Never updated, never deleted."""

    class Result(models.TextChoices):
        DONE = "done", _("Done")
        DENIED = "denied", _("Denied")

    chain = models.ForeignKey(JournalChain, on_delete=models.PROTECT, related_name="entries", db_index=False)
    sequence = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    actor_party = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, related_name="+")
    actor_label = models.CharField(max_length=120)
    ip = models.CharField(max_length=45, blank=True)
    action = models.CharField(max_length=60)
    result = models.CharField(max_length=6, choices=Result, default=Result.DONE)
    object_type = models.CharField(max_length=60, blank=True)
    object_id = models.CharField(max_length=60, blank=True)
    object_label = models.CharField(max_length=240, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.CharField(max_length=1000, blank=True)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects = ScopedManager()

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("chain", "sequence"), name="journal_sequence_once"),)
        indexes = (
            models.Index(fields=("chain", "-id"), name="journal_chain_recent"),
            models.Index(fields=("object_type", "object_id", "-id"), name="journal_object_recent"),
            models.Index(fields=("actor", "-id"), name="journal_actor_recent"),
        )

    def __str__(self) -> str:
        return f"{self.chain_id}#{self.sequence} {self.action}"

    @classmethod
    def scope(cls, viewer: Viewer) -> Q:
        """Auditors read everything; the security administrator reads account events; a vendor's people read their
        own organisation's acts; everybody else reads their own."""
        if "AUD" in viewer.roles:
            return Q()
        own = Q(actor_id=viewer.user_id)
        if "SEC" in viewer.roles:
            return own | Q(chain_id="accounts")
        if viewer.kind == "vendor":
            return Q(actor_party_id=viewer.party_id)
        return own
