"""The door's first step: each role lands where its work is."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts.policy import access
from accounts.scoping import Viewer, request_viewer


def home_url(viewer: Viewer) -> str:
    """Staff: the inbox. Finance: payments. Vendor and supervisor: the portal. Auditor: the journal. Administrators:
    people or system."""
    if viewer.kind in {"vendor", "supervisor"}:
        return reverse("portal:home")
    if viewer.roles & {"IT", "MGR"}:
        return reverse("web:inbox")
    if "FIN" in viewer.roles:
        return reverse("web:payments")
    if "AUD" in viewer.roles:
        return reverse("web:journal")
    if "SEC" in viewer.roles:
        return reverse("web:people")
    if "SYS" in viewer.roles:
        return reverse("web:system")
    return reverse("web:preferences")


@access(GET="home.read")
def home(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(home_url(request_viewer(request)))
