"""A contract and the versions of its definition. The parsed definition is stored whole; lower apps read it from here,
never from files."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Party, User
from accounts.scoping import ContractScoped, Viewer, contract_scope
from contracts.money_fields import MoneyField


class Contract(ContractScoped):
    scope_prefix: ClassVar[str] = ""

    number = models.CharField(_("contract number"), max_length=60, unique=True)
    title = models.CharField(_("title"), max_length=200)
    summary = models.CharField(_("summary"), max_length=500, blank=True)
    buyer = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="contracts_bought", verbose_name=_("buyer"))
    vendor = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="contracts_sold", verbose_name=_("vendor"))
    supervisor = models.ForeignKey(
        Party, on_delete=models.PROTECT, null=True, blank=True, related_name="contracts_supervised"
    )
    department = models.CharField(_("department"), max_length=80, blank=True)
    currency = models.CharField(max_length=3, default="CNY")
    total = MoneyField(_("contract sum"), max_digits=18, decimal_places=2)
    signed_on = models.DateField(_("signed"), null=True)
    starts_on = models.DateField(_("term starts"), null=True)
    ends_on = models.DateField(_("term ends"), null=True)
    zone = models.CharField(max_length=40, default="Asia/Shanghai")
    calendar_code = models.CharField(max_length=20, default="CN")
    is_demo = models.BooleanField(_("demonstration data"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("number",)
        constraints = (
            models.CheckConstraint(condition=Q(total__gte=0), name="contract_total_not_negative"),
            models.CheckConstraint(condition=~Q(buyer=F("vendor")), name="contract_two_parties"),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @classmethod
    def scope(cls, viewer: Viewer) -> Q:
        return contract_scope(viewer)


class DefinitionVersion(ContractScoped):
    """One loaded state of a contract's definition. Never edited after loading; activation is a state change."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("Active")
        SUPERSEDED = "superseded", _("Superseded")

    internal: ClassVar[bool] = True

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    sha256 = models.CharField(max_length=64)
    data = models.JSONField()
    origin = models.JSONField(default=dict)
    dependencies = models.JSONField(default=dict)
    health = models.JSONField(default=list)
    # From this day on what happens is judged by this version; the first version also covers all that lies before.
    effective_from = models.DateField(null=True)
    # The supplementary agreement (or the correction) that the version puts into data.
    agreement = models.CharField(_("agreement"), max_length=200, blank=True)
    loaded_at = models.DateTimeField(auto_now_add=True)
    loaded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    activated_at = models.DateTimeField(null=True, blank=True)
    activated_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=("contract", "number"), name="version_number_once"),
            models.UniqueConstraint(fields=("contract", "sha256"), name="version_content_once"),
            models.UniqueConstraint(fields=("contract",), condition=Q(state="active"), name="version_one_active"),
            models.CheckConstraint(
                condition=Q(activated_by=None) | Q(loaded_by=None) | ~Q(activated_by=F("loaded_by")),
                name="version_activated_by_other",
            ),
        )

    def __str__(self) -> str:
        return f"{self.contract.number} v{self.number}"


class InformationSystem(ContractScoped):
    """A system the contract serves. What the contract leaves open (grade, importance, filing number) stays unknown."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="systems")
    code = models.CharField(max_length=40)
    title = models.CharField(_("system"), max_length=120)
    position = models.PositiveSmallIntegerField()
    protection_level = models.PositiveSmallIntegerField(_("protection level"), null=True, blank=True)
    important = models.BooleanField(_("important system"), null=True, blank=True)
    filing_number = models.CharField(_("filing number"), max_length=80, blank=True)

    class Meta:
        ordering = ("contract_id", "position")
        constraints = (models.UniqueConstraint(fields=("contract", "code"), name="system_code_once"),)

    def __str__(self) -> str:
        return self.title


class LineItem(ContractScoped):
    """A priced row of one definition version. Blank cells of a bundle stay null: blank is not zero."""

    scope_prefix: ClassVar[str] = "contract__"

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="line_items")
    version = models.ForeignKey(DefinitionVersion, on_delete=models.PROTECT, related_name="line_items")
    number = models.PositiveSmallIntegerField(_("no."))
    title = models.CharField(_("item"), max_length=300)
    unit_price = MoneyField(_("unit price"), max_digits=18, decimal_places=4, null=True)
    quantity = MoneyField(_("quantity"), max_digits=18, decimal_places=4, null=True)
    amount = MoneyField(_("amount"), max_digits=18, decimal_places=2, null=True)
    bundle = models.CharField(_("bundle"), max_length=40, blank=True)
    group = models.CharField(_("group"), max_length=80, blank=True)

    class Meta:
        ordering = ("version_id", "number")
        constraints = (
            models.UniqueConstraint(fields=("version", "number"), name="line_number_once"),
            models.CheckConstraint(
                condition=Q(amount=None, unit_price=None, quantity=None)
                | Q(amount__gte=0, unit_price__gte=0, quantity__gte=0),
                name="line_whole_or_blank",
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class Clause(ContractScoped):
    """An article of one definition version and how far the definition covers it."""

    class Coverage(models.TextChoices):
        MODELLED = "modelled", _("Modelled")
        INFORMATION = "information", _("Information")
        NOT_MODELLED = "not_modelled", _("Not yet modelled")

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="clauses")
    version = models.ForeignKey(DefinitionVersion, on_delete=models.PROTECT, related_name="clauses")
    code = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    note = models.CharField(max_length=500, blank=True)
    coverage = models.CharField(max_length=12, choices=Coverage)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("version_id", "position")
        constraints = (models.UniqueConstraint(fields=("version", "code"), name="clause_code_once"),)

    def __str__(self) -> str:
        return f"{self.code} {self.title}"
