"""Stored files and evidence, at the bottom so that facts, submissions, invoices and tickets may all point to them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoping import ContractScoped, Viewer, contract_scope
from contracts.models.contract import Contract


class StoredFile(ContractScoped):
    """Bytes under a generated name outside the web root, with their hash; the person's file name is only shown."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="files")
    path = models.CharField(max_length=120, unique=True)
    name = models.CharField(_("file name"), max_length=255)
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    buyer_only = models.BooleanField(default=False)

    class Meta:
        ordering = ("-pk",)
        constraints = (models.CheckConstraint(condition=Q(size__gt=0), name="file_not_empty"),)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope(cls, viewer: Viewer) -> Q:
        own = contract_scope(viewer, "contract__")
        return own if viewer.kind == "buyer" else own & Q(buyer_only=False)


class Evidence(ContractScoped):
    """A file or a reference that proves something, under a title."""

    scope_prefix: ClassVar[str] = "contract__"

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="evidence")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="evidence")
    title = models.CharField(_("title"), max_length=200)
    reference = models.CharField(_("reference"), max_length=200, blank=True)
    buyer_only = models.BooleanField(default=False)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name_plural = "evidence"

    def __str__(self) -> str:
        return self.title

    @classmethod
    def scope(cls, viewer: Viewer) -> Q:
        own = contract_scope(viewer, "contract__")
        return own if viewer.kind == "buyer" else own & Q(buyer_only=False)
