"""The role × action table (security.md §2), as data. Doors and services ask here; nothing else grants a right.

Each action names the roles that may do it and the read action that decides between 404 (may not even know of it) and
403 (may read it, may not do this). `reauth` asks for a proof of identity within the last ten minutes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.scoping import Viewer

ALL_ROLES = frozenset({"IT", "FIN", "MGR", "VND", "SUP", "AUD", "SEC", "SYS"})
BUYER_STAFF = frozenset({"IT", "FIN", "MGR"})
BUYER_READERS = BUYER_STAFF | {"AUD"}
CONTRACT_READERS = BUYER_READERS | {"VND", "SUP"}


class PolicyError(Exception):
    """Base of refusals; `message` is a sentence for the person, in their language."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotAllowed(PolicyError):
    """The actor's roles do not include the action (403)."""


class NotVisible(PolicyError):
    """The actor may not know of the object (404)."""


class ReauthenticationRequired(PolicyError):
    """The actor must confirm their password first (security.md C10)."""


@dataclass(frozen=True, slots=True)
class Action:
    name: str
    roles: frozenset[str]
    reader: str
    reauth: bool = False


def _action(name: str, roles: Iterable[str], reader: str | None = None, *, reauth: bool = False) -> Action:
    return Action(name, frozenset(roles), reader or name, reauth)


_TABLE = (
    # everybody who is logged in
    _action("home.read", ALL_ROLES),
    _action("self.manage", ALL_ROLES, "home.read"),
    # contracts
    _action("contract.read", CONTRACT_READERS),
    _action("contract.internal.read", BUYER_READERS, "contract.read"),
    _action("contract.load", {"IT"}, "contract.internal.read"),
    _action("contract.activate", {"MGR"}, "contract.internal.read", reauth=True),
    _action("contract.export", CONTRACT_READERS, "contract.read"),
    _action("calendar.read", BUYER_READERS),
    _action("calendar.propose", {"IT"}, "calendar.read"),
    _action("calendar.approve", {"MGR"}, "calendar.read", reauth=True),
    # readings: anybody of the staff may propose one, a manager answers for what moves money
    _action("reading.propose", BUYER_STAFF, "contract.internal.read"),
    _action("reading.decide", {"MGR"}, "contract.internal.read", reauth=True),
    # facts
    _action("fact.read", BUYER_READERS, "contract.read"),
    _action("fact.propose", BUYER_STAFF, "contract.internal.read"),
    _action("fact.confirm", BUYER_STAFF, "contract.internal.read", reauth=True),
    # service levels: IT keeps the tickets; what decides about money waits for a manager
    _action("incident.read", CONTRACT_READERS),
    _action("sla.read", BUYER_READERS, "contract.internal.read"),
    _action("incident.register", {"IT"}, "sla.read"),
    _action("incident.record", {"IT"}, "sla.read"),
    _action("incident.confirm", {"MGR"}, "sla.read", reauth=True),
    # obligations
    _action("obligation.read", CONTRACT_READERS),
    _action("obligation.submit", {"IT", "FIN", "VND"}, "obligation.read"),
    _action("obligation.review", {"IT", "MGR"}, "obligation.read"),
    _action("obligation.waive", {"MGR"}, "obligation.read", reauth=True),
    _action("obligation.reopen", {"MGR"}, "obligation.read", reauth=True),
    _action("obligation.chase", BUYER_STAFF, "obligation.read"),
    _action("obligation.hand_over", {"IT", "FIN", "MGR", "VND"}, "obligation.read"),
    _action("obligation.acknowledge", {"IT", "FIN", "MGR", "VND"}, "obligation.read"),
    _action("obligation.bulk", {"IT", "MGR"}, "contract.internal.read"),
    _action("reminder.read", CONTRACT_READERS, "obligation.read"),
    _action("evidence.read", CONTRACT_READERS, "obligation.read"),
    _action("evidence.add", BUYER_STAFF | {"VND", "SUP"}, "obligation.read"),
    _action("file.add", {"IT", "FIN", "MGR", "VND", "SUP"}, "obligation.read"),
    # money
    _action("milestone.read", CONTRACT_READERS - {"SUP"}, "milestone.read"),
    _action("milestone.sync", {"IT", "MGR"}, "milestone.read"),
    _action("invoice.add", {"VND", "FIN"}, "milestone.read"),
    _action("invoice.enter", {"FIN"}, "payment.read"),
    _action("invoice.check", {"FIN"}, "payment.read"),
    _action("payment.read", BUYER_READERS, "milestone.read"),
    _action("payment.apply", {"FIN"}, "payment.read"),
    _action("payment.approve", {"MGR"}, "payment.read", reauth=True),
    _action("payment.post", {"FIN"}, "payment.read"),
    _action("payment.reverse", {"FIN"}, "payment.read"),
    _action("payment.reverse.approve", {"MGR"}, "payment.read", reauth=True),
    _action("payee.propose", {"FIN"}, "payment.read"),
    _action("payee.confirm", {"MGR"}, "payment.read", reauth=True),
    _action("hold.keep", {"FIN"}, "payment.read"),
    # what the vendor owes: decided by the manager, settled by finance or by the manager on finance's proposal
    _action("liability.open", {"MGR"}, "payment.read"),
    _action("deduction.add", {"FIN", "MGR"}, "payment.read"),
    _action("deduction.reverse", {"MGR"}, "payment.read"),
    _action("claim.keep", {"FIN", "MGR"}, "payment.read"),
    _action("refund.approve", {"MGR"}, "payment.read"),
    _action("refund.pay", {"FIN"}, "payment.read"),
    _action("freeze.keep", BUYER_STAFF, "payment.read"),
    # who uses how much, and how the price is shared among the systems: the buyer's own working papers
    _action("allocation.read", BUYER_READERS),
    _action("quantity.record", {"IT"}, "allocation.read"),
    _action("allocation.propose", {"IT", "FIN"}, "allocation.read"),
    _action("allocation.approve", {"MGR"}, "allocation.read", reauth=True),
    # securities: what was given, what became of it; the vendor hands in, a manager answers for the rest
    _action("security.read", CONTRACT_READERS - {"SUP"}),
    _action("security.staff.read", BUYER_READERS, "security.read"),
    _action("security.submit", {"IT", "FIN", "VND"}, "security.read"),
    _action("security.enter", {"IT", "FIN"}, "security.staff.read"),
    _action("security.propose", {"IT", "FIN"}, "security.staff.read"),
    _action("security.decide", {"MGR"}, "security.staff.read", reauth=True),
    _action("security.record", {"FIN"}, "security.staff.read"),
    _action("document.read", BUYER_READERS, "contract.read"),
    _action("document.issue", {"FIN", "MGR"}, "document.read"),
    _action("document.received", {"VND"}, "portal.read"),
    # penalties: drafts are the buyer's alone; the other party reads what was issued through its own door
    _action("penalty.read", BUYER_READERS, "contract.internal.read"),
    _action("penalty.issued.read", CONTRACT_READERS),
    _action("penalty.raise", {"IT", "FIN", "MGR"}, "penalty.read"),
    _action("penalty.establish", {"IT", "FIN"}, "penalty.read"),
    _action("penalty.propose", {"IT", "FIN"}, "penalty.read"),
    _action("penalty.approve", {"MGR"}, "penalty.read", reauth=True),
    _action("penalty.waive", {"MGR"}, "penalty.read", reauth=True),
    _action("penalty.notify", {"IT", "FIN"}, "penalty.read"),
    _action("penalty.write", BUYER_STAFF, "penalty.read"),
    _action("penalty.agree", {"IT", "FIN"}, "penalty.read"),
    _action("penalty.decide", {"MGR"}, "penalty.read", reauth=True),
    _action("penalty.freeze", {"FIN"}, "penalty.read"),
    _action("penalty.settle", {"FIN"}, "penalty.read"),
    _action("penalty.settle.approve", {"MGR"}, "penalty.read", reauth=True),
    _action("penalty.adjust", {"FIN"}, "penalty.read"),
    _action("penalty.adjust.approve", {"MGR"}, "penalty.read", reauth=True),
    # the same acts on the buyer's own pages, which the vendor and the supervisor do not know of
    _action("staff.submit", {"IT", "FIN"}, "contract.internal.read"),
    _action("staff.keep", {"IT", "FIN", "MGR"}, "contract.internal.read"),
    # the other party's door: the vendor acts, the supervisor reads; the buyer's people have their own pages
    _action("portal.read", {"VND", "SUP"}),
    _action("portal.money.read", {"VND"}),
    _action("portal.submit", {"VND"}, "portal.read"),
    _action("portal.invoice", {"VND"}, "portal.money.read"),
    _action("portal.security", {"VND"}, "portal.money.read"),
    _action("portal.penalty.object", {"VND"}, "portal.read"),
    _action("portal.penalty.opinion", {"SUP"}, "portal.read"),
    # proof
    _action("journal.read", ALL_ROLES - {"SYS"}),
    _action("journal.verify", {"AUD"}, "journal.read"),
    # people
    _action("people.read", {"SEC", "SYS", "AUD", "MGR", "VND"}),
    _action("people.create", {"SYS", "SEC"}, "people.read"),
    _action("people.edit", {"SEC"}, "people.read"),
    _action("role.grant", {"SEC"}, "people.read", reauth=True),
    _action("party.read", ALL_ROLES),
    _action("party.edit", {"SEC", "SYS"}, "party.read"),
    _action("contact.edit", {"IT", "SEC"}, "party.read"),
    _action("system.configure", {"SYS"}, "system.read"),
    _action("system.read", {"SYS", "AUD"}),
    # machines
    _action("api.read", CONTRACT_READERS),
    _action("api.token", CONTRACT_READERS, "home.read"),
)

ACTIONS: dict[str, Action] = {action.name: action for action in _TABLE}


def allows(viewer: Viewer, action: str) -> bool:
    """Whether the viewer's roles include the action. The system viewer (tasks, commands) may do everything."""
    return viewer.is_system or bool(ACTIONS[action].roles & viewer.roles)


def may_read(viewer: Viewer, action: str) -> bool:
    """Whether the viewer may know that the action's object exists."""
    return viewer.is_system or allows(viewer, action) or allows(viewer, ACTIONS[action].reader)


_PROVEN = "_visible_to"


def proven(viewer: Viewer, obj: Any) -> None:
    """Remember on this very instance that `visible_to(viewer)` returned it, so that the same request does not ask the
    database again. A viewer lives for one request; a row fetched anew is asked about anew."""
    vars(obj).setdefault(_PROVEN, set()).add(viewer)


def require(viewer: Viewer, action: str, obj: Any = None, *, now: datetime | None = None) -> None:
    """Refuse unless the viewer may do `action` (to `obj`, if given): services call this first.

    Raises NotVisible (obj outside the viewer's scope, or action unreadable), NotAllowed (role lacks it) or
    ReauthenticationRequired (proof of identity older than settings.REAUTHENTICATION_SECONDS).
    """
    if viewer.is_system:
        return
    rule = ACTIONS[action]
    if obj is not None and viewer not in vars(obj).get(_PROVEN, ()):
        if not type(obj)._default_manager.visible_to(viewer).filter(pk=obj.pk).exists():
            raise NotVisible(_("This does not exist, or is not yours to see."))
        proven(viewer, obj)
    if not allows(viewer, action):
        if not may_read(viewer, action):
            raise NotVisible(_("This does not exist, or is not yours to see."))
        raise NotAllowed(_("Your role does not include this action. Ask somebody who holds the role to do it."))
    if rule.reauth:
        limit = timedelta(seconds=settings.REAUTHENTICATION_SECONDS)
        moment = now or timezone.now()
        if viewer.authenticated_at is None or moment - viewer.authenticated_at > limit:
            raise ReauthenticationRequired(_("Confirm your password before you do this."))


@dataclass(frozen=True, slots=True)
class Access:
    """What a view declares: its action per HTTP method, or that it is public."""

    actions: dict[str, str]
    public: bool = False

    @property
    def methods(self) -> frozenset[str]:
        named = set(self.actions)
        return frozenset(named | {"HEAD"} if "GET" in named else named)


View = TypeVar("View", bound=Callable[..., Any])


def access(**methods: str) -> Callable[[View], View]:
    """Declare a view's action per method: `@access(GET="obligation.read", POST="obligation.submit")`.

    A view without a declaration is refused by AccessMiddleware and fails the build (tests/doors).
    """
    unknown = [name for name in methods.values() if name not in ACTIONS]
    if unknown:
        raise LookupError(f"Unknown action {unknown[0]!r}: add it to accounts/policy.py with its roles.")

    def mark(view: View) -> View:
        view.access = Access(dict(methods))  # type: ignore[attr-defined]
        return view

    return mark


def public(*methods: str) -> Callable[[View], View]:
    """Declare a view that needs no log-in; the methods it answers."""

    def mark(view: View) -> View:
        view.access = Access(dict.fromkeys(methods or ("GET",), ""), public=True)  # type: ignore[attr-defined]
        view.login_required = False  # type: ignore[attr-defined]
        return view

    return mark
