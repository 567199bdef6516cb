"""Versions of a definition: upload, health report, activation."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.policy import access, allows
from accounts.scoping import request_viewer
from contracts import selectors
from contracts.errors import Refused
from contracts.forms import run_form
from definitions import selectors as definition_selectors
from definitions import services
from definitions.impact import version_impact
from obligations.services.amounts import SHOWN
from web.components import Cell, Column, Row, Table, Tone
from web.contract_tabs import contract_tabs
from web.forms.contracts import ActivationForm, DefinitionForm


@access(GET="contract.internal.read")
def versions(request: HttpRequest, contract_id: int) -> HttpResponse:
    """Every loaded version, the active one's health, and drafts waiting for a second person."""
    viewer = request_viewer(request)
    contract = selectors.contract_by_id(contract_id, viewer=viewer)
    rows = list(selectors.versions_list(viewer=viewer, contract=contract))
    shown = next((row for row in rows if str(row.pk) == request.GET.get("version")), None)
    shown = shown or next((row for row in rows if row.state == "active"), rows[0] if rows else None)
    tones: dict[str, Tone] = {"active": "ok", "draft": "info", "superseded": ""}
    table = Table(
        _("Versions"),
        (
            Column(_("Version"), "main"),
            Column(_("State")),
            Column(_("Loaded"), "date"),
            Column(_("Activated"), "date"),
            Column(_("Holds from"), "date"),
            Column("SHA-256"),
            Column("", "action"),
        ),
        tuple(
            Row(
                (
                    Cell(f"v{row.number}", url=f"{request.path}?version={row.pk}"),
                    Cell(row.get_state_display(), chip=True, tone=tones[row.state]),
                    Cell(f"{timezone.localtime(row.loaded_at):%Y-%m-%d %H:%M}", sub=str(row.loaded_by or _("system"))),
                    Cell(
                        f"{timezone.localtime(row.activated_at):%Y-%m-%d %H:%M}" if row.activated_at else "",
                        sub=str(row.activated_by or _("system")) if row.activated_at else "",
                    ),
                    Cell(f"{row.effective_from:%Y-%m-%d}" if row.effective_from else "", sub=row.agreement),
                    Cell(row.sha256[:16]),
                    _action(contract.pk, row, may_activate=allows(viewer, "contract.activate")),
                )
            )
            for row in rows
        ),
    )
    context = {
        "contract": contract,
        "tabs": contract_tabs(request, contract),
        "demo": contract.is_demo,
        "table": table,
        "shown": shown,
        "health": definition_selectors.version_health(viewer=viewer, version=shown) if shown else [],
        "may_load": allows(viewer, "contract.load"),
    }
    return render(request, "web/contracts/versions.html", context)


@access(GET="contract.load", POST="contract.load")
def upload(request: HttpRequest) -> HttpResponse:
    """Load a definition from files. The first version of a contract is active at once; a later one waits."""
    viewer = request_viewer(request)
    form = DefinitionForm(request.POST or None, request.FILES or None)
    problems: list[Any] = []
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                result = services.contract_load(form.cleaned_data["files"], actor=viewer)
            except services.LoadRefused as error:
                problems = list(error.problems)
            except Refused as error:
                form.add_error(error.field if error.field in form.fields else None, error.message)
            else:
                if result.activated:
                    messages.success(request, _("Contract loaded and active."))
                elif result.created:
                    messages.success(request, _("New version loaded. Another person must activate it."))
                else:
                    messages.info(request, _("These files are loaded already; nothing changed."))
                return HttpResponseRedirect(reverse("web:contract_versions", args=[result.contract.pk]))
    return render(request, "web/contracts/upload.html", {"form": form, "problems": problems}, status=status)


def _action(contract_id: int, row: Any, *, may_activate: bool) -> Cell:
    if row.state != "draft":
        return Cell("")
    if may_activate:
        return Cell(_("Activate"), url=reverse("web:version_activate", args=[contract_id, row.pk]))
    return Cell(_("See impact"), url=reverse("web:version_impact", args=[contract_id, row.pk]))


def _draft(request: HttpRequest, contract_id: int, version_id: int) -> dict[str, Any]:
    """A version with what putting it in force would change."""
    viewer = request_viewer(request)
    contract = selectors.contract_by_id(contract_id, viewer=viewer)
    version = selectors.version_get(version_id, viewer=viewer, contract=contract)
    return {
        "contract": contract,
        "version": version,
        "impact": version_impact(viewer=viewer, contract=contract, version=version),
        "health": definition_selectors.version_health(viewer=viewer, version=version),
        "shown": SHOWN,
        "back": reverse("web:contract_versions", args=[contract.pk]),
        "tabs": contract_tabs(request, contract),
        "demo": contract.is_demo,
    }


@access(GET="contract.internal.read")
def impact(request: HttpRequest, contract_id: int, version_id: int) -> HttpResponse:
    """What a draft would change: entries, dates, amounts."""
    return render(request, "web/contracts/impact.html", _draft(request, contract_id, version_id))


@access(GET="contract.activate", POST="contract.activate")
def activate(request: HttpRequest, contract_id: int, version_id: int) -> HttpResponse:
    """Show what activation would change, then do it (another person than the loader, password confirmed)."""
    viewer = request_viewer(request)
    context = _draft(request, contract_id, version_id)
    contract, version = context["contract"], context["version"]
    form = ActivationForm(request.POST or None, initial={"effective_from": selectors.today_for(contract)})

    def act(data: dict[str, Any]) -> str:
        services.version_activate(
            actor=viewer, version=version, effective_from=data["effective_from"], agreement=data["agreement"]
        )
        return str(context["back"])

    return run_form(
        request,
        form=form,
        template="web/contracts/activate.html",
        context=context,
        act=act,
        done=_("Version active; deadlines were computed anew."),
    )
