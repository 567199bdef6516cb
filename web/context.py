"""What every staff and portal page needs around its content: navigation, badges, language, theme."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.policy import allows
from accounts.scoping import Viewer, request_viewer
from contracts.asof import page_date
from web.components import MenuLink, NavGroup, NavItem, Shell


def _links(request: HttpRequest, viewer: Viewer, rows: list[tuple[str, str, str, str, int]]) -> tuple[NavItem, ...]:
    items = []
    for route, icon, label, action, badge in rows:
        if not allows(viewer, action):
            continue
        url = reverse(route)
        current = request.path == url or (url not in ("/", "/portal/") and request.path.startswith(url))
        items.append(NavItem(url, icon, label, badge=badge, hot=False, current=current))
    return tuple(items)


def _staff(request: HttpRequest, viewer: Viewer) -> tuple[NavGroup, ...]:
    groups = (
        NavGroup(
            _links(
                request,
                viewer,
                [
                    ("web:inbox", "inbox", _("Inbox"), "contract.internal.read", 0),
                    ("web:calendar", "calendar-event", _("Calendar"), "contract.internal.read", 0),
                ],
            )
        ),
        NavGroup(
            _links(
                request,
                viewer,
                [
                    ("web:contracts", "file-text", _("Contracts"), "contract.internal.read", 0),
                    ("web:payments", "cash", _("Payments"), "payment.read", 0),
                    ("web:sla", "activity", _("SLA and incidents"), "sla.read", 0),
                    ("web:penalties", "gavel", _("Penalties and disputes"), "penalty.read", 0),
                    ("web:securities", "shield-check", _("Securities"), "security.staff.read", 0),
                    ("web:rehearsal", "send", _("Reminders ahead"), "contract.internal.read", 0),
                ],
            ),
            _("Contract"),
        ),
        NavGroup(
            _links(
                request,
                viewer,
                [
                    ("web:documents", "folder", _("Documents"), "document.read", 0),
                    ("web:workdays", "calendar-stats", _("Working days"), "calendar.read", 0),
                    ("web:journal", "history", _("Journal"), "journal.read", 0),
                    ("web:people", "users", _("People"), "people.read", 0),
                    ("web:parties", "building", _("Parties"), "party.read", 0),
                    ("web:system", "server", _("System"), "system.read", 0),
                ],
            ),
            _("Records"),
        ),
    )
    return tuple(group for group in groups if group.items)


def _portal(request: HttpRequest, viewer: Viewer) -> tuple[NavGroup, ...]:
    return (
        NavGroup(
            _links(
                request,
                viewer,
                [
                    ("portal:home", "inbox", _("My obligations"), "obligation.read", 0),
                    ("portal:contracts", "file-text", _("Contracts"), "contract.read", 0),
                    ("portal:incidents", "activity", _("Incidents"), "portal.read", 0),
                    ("portal:penalties", "gavel", _("Penalties"), "portal.read", 0),
                    ("portal:invoices", "receipt", _("Invoices and payments"), "milestone.read", 0),
                    ("portal:securities", "shield-check", _("Securities"), "portal.money.read", 0),
                    ("portal:documents", "folder", _("Documents"), "document.received", 0),
                ],
            )
        ),
        NavGroup(
            _links(
                request,
                viewer,
                [
                    ("web:parties", "building", _("Parties"), "party.read", 0),
                    ("web:people", "users", _("People"), "people.read", 0),
                    ("web:journal", "history", _("Journal"), "journal.read", 0),
                ],
            ),
            _("Records"),
        ),
    )


def shell(request: HttpRequest) -> dict[str, object]:
    """The `shell` of the templates for a signed-in request; strangers get only language and theme."""
    viewer = request_viewer(request)
    page = page_date(request)
    theme = request.COOKIES.get("theme", "")
    frame: dict[str, Any] = {
        "as_of": page.as_of,
        "is_today": page.is_today,
        "known_on": page.known_on,
        "lang": get_language() or "zh-hans",
        "theme": theme if theme in {"light", "dark"} else "",
    }
    if viewer.user_id is None:
        return {"shell": Shell(**frame)}
    outside = viewer.kind in {"vendor", "supervisor"}
    links = [MenuLink(reverse("web:preferences"), _("My account"), "user")]
    if allows(viewer, "api.token"):
        links.append(MenuLink(reverse("web:tokens"), _("API tokens"), "key"))
    party = getattr(request.user, "party", None)
    reads = allows(viewer, "contract.internal.read")
    return {
        "shell": Shell(
            **frame,
            nav_groups=_portal(request, viewer) if outside else _staff(request, viewer),
            unread_url=reverse("web:notifications"),
            user_label=viewer.label,
            party_label=str(party) if party else "",
            user_links=tuple(links),
            search_url=reverse("web:search") if reads else "",
            home_url=reverse("web:home"),
        )
    }
