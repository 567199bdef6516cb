"""People and the bodies they belong to. A person has one party for life; rights come from memberships only."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.scoping import ScopedManager, Viewer


class Party(models.Model):
    """A body that signs contracts, supplies under them, or supervises them."""

    class Kind(models.TextChoices):
        BUYER = "buyer", _("Buyer")
        VENDOR = "vendor", _("Vendor")
        SUPERVISOR = "supervisor", _("Supervisor")
        PLATFORM = "platform", _("Platform operator")

    name = models.CharField(_("name"), max_length=200, unique=True)
    short_name = models.CharField(_("short name"), max_length=60, blank=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    registered_address = models.CharField(_("registered address"), max_length=300, blank=True)
    postal_address = models.CharField(_("postal address"), max_length=300, blank=True)
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)
    is_demo = models.BooleanField(_("demonstration data"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager()

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                condition=Q(kind__in=("buyer", "vendor", "supervisor", "platform")), name="party_kind_known"
            ),
        )

    def __str__(self) -> str:
        return self.short_name or self.name

    @classmethod
    def scope(cls, viewer: Viewer) -> Q:
        """Own party; the buyer's people, auditors and security administrators also see their counterparts."""
        if viewer.kind in {"buyer", "platform"}:
            return Q()
        return Q(pk=viewer.party_id) | Q(kind="buyer")


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None = None, **fields: object) -> "User":
        """Create a person without any role; roles are granted by `accounts.services`."""
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username__iexact=username)

    def visible_to(self, viewer: Viewer) -> models.QuerySet["User"]:
        """People of the viewer's own party; the platform's security administrator sees everybody."""
        if viewer.is_system or viewer.kind == "platform" or "SEC" in viewer.roles:
            return self.get_queryset()
        if viewer.party_id is None:
            return self.get_queryset().none()
        return self.get_queryset().filter(party_id=viewer.party_id)


class User(AbstractBaseUser):
    """A person who logs in. No superuser flag exists: nothing bypasses the policy table."""

    username = models.CharField(_("user name"), max_length=60)
    display_name = models.CharField(_("name"), max_length=80)
    email = models.EmailField(_("e-mail address"), blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="people", verbose_name=_("party"))
    department = models.CharField(_("department"), max_length=80, blank=True)
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ("display_name", "pk")
        constraints = (models.UniqueConstraint(Lower("username"), name="user_username_unique_ci"),)

    def __str__(self) -> str:
        return self.display_name or self.username

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.display_name

    @property
    def live_memberships(self) -> list["Membership"]:
        """The roles in force; no query when selectors.people_list fetched the memberships."""
        return [membership for membership in self.memberships.all() if membership.revoked_at is None]


class Role(models.Model):
    """One of the eight roles, as data. `hat` marks the three administrator roles that exclude one another."""

    code = models.CharField(max_length=3, primary_key=True)
    name = models.CharField(_("name"), max_length=60)
    party_kind = models.CharField(max_length=12, choices=Party.Kind)
    hat = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("position",)

    def __str__(self) -> str:
        return self.name


HATS = ("AUD", "SEC", "SYS")


class Membership(models.Model):
    """A person holds a role, from a day on, until revoked. Revoked rows stay."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="memberships")
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    granted_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = ScopedManager()

    class Meta:
        ordering = ("user_id", "role_id")
        constraints = (
            models.UniqueConstraint(fields=("user", "role"), condition=Q(revoked_at=None), name="membership_once"),
            # GB/T 22239 separation of the three administrators: nobody holds two of these hats at a time.
            models.UniqueConstraint(
                fields=("user",), condition=Q(revoked_at=None, role__in=HATS), name="membership_one_hat"
            ),
            models.CheckConstraint(
                condition=Q(granted_by=None) | ~Q(granted_by=models.F("user")),
                name="membership_not_self_granted",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} · {self.role_id}"

    @classmethod
    def scope(cls, viewer: Viewer) -> Q:
        if viewer.kind == "platform" or "SEC" in viewer.roles:
            return Q()
        return Q(user__party_id=viewer.party_id)


class PartyContact(models.Model):
    """How to reach a party for one purpose. Real contacts are typed in at run time, never shipped."""

    class Purpose(models.TextChoices):
        NOTICE = "notice", _("Legal notices")
        PROJECT = "project", _("Project lead")
        FAULT = "fault", _("Fault hotline")
        FINANCE = "finance", _("Finance")

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="contacts")
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose)
    name = models.CharField(_("name"), max_length=80)
    email = models.EmailField(_("e-mail address"), blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    address = models.CharField(_("address"), max_length=300, blank=True)
    source = models.CharField(_("source (clause or letter)"), max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager()

    class Meta:
        ordering = ("party_id", "purpose", "pk")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def scope(cls, viewer: Viewer) -> Q:
        if viewer.kind == "buyer" or "SEC" in viewer.roles:
            return Q()
        return Q(party_id=viewer.party_id)
