"""People, roles, parties and contacts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from accounts import selectors
from accounts.policy import access, allows
from accounts.scoping import request_viewer
from accounts.services import people
from contracts.forms import run_form
from documents.excel import excel_response
from web.components import Cell, Column, Row, Table
from web.forms.people import ContactForm, PartyEditForm, PartyForm, PersonEditForm, PersonForm, RoleForm
from web.links import with_query


def _role_names(person: Any) -> str:
    return "、".join(_(membership.role.name) for membership in person.live_memberships)


@access(GET="people.read")
def people_list(request: HttpRequest) -> HttpResponse:
    """All people the reader may know of, by party; also as Excel."""
    viewer = request_viewer(request)
    persons = selectors.people_list(viewer=viewer, text=request.GET.get("q", "").strip())
    if request.GET.get("format") == "xlsx":
        heads = (
            _("Name"),
            _("User name"),
            _("Party"),
            _("Department"),
            _("Roles"),
            _("E-mail address"),
            _("May log in"),
        )
        rows = [
            (p.display_name, p.username, p.party.name, p.department, _role_names(p), p.email, p.is_active)
            for p in persons
        ]
        return excel_response(_("People"), _("People"), heads, rows)
    table = Table(
        _("People"),
        (
            Column(_("Name"), "main"),
            Column(_("User name")),
            Column(_("Party")),
            Column(_("Roles")),
            Column(_("E-mail address")),
            Column(_("State")),
        ),
        tuple(
            Row(
                (
                    Cell(p.display_name, url=reverse("web:person", args=[p.pk]), sub=p.department),
                    Cell(p.username),
                    Cell(str(p.party)),
                    Cell(_role_names(p)),
                    Cell(p.email, tone="" if p.email else "warn"),
                    Cell(
                        _("May log in") if p.is_active else _("Disabled"), chip=True, tone="ok" if p.is_active else ""
                    ),
                ),
                faded=not p.is_active,
            )
            for p in persons
        ),
        _("No people here yet"),
    )
    return render(
        request,
        "web/people/list.html",
        {
            "table": table,
            "may_create": allows(viewer, "people.create"),
            "excel_url": with_query(request, format="xlsx"),
        },
    )


@sensitive_post_parameters()
@access(GET="people.create", POST="people.create")
def person_create(request: HttpRequest) -> HttpResponse:
    """Create an account; its first password is shown once, to be handed over."""
    viewer = request_viewer(request)
    parties = list(selectors.parties_list(viewer=viewer))
    by_id = {party.pk: party for party in parties}
    form = PersonForm(request.POST or None, parties=[(party.pk, party.name) for party in parties])

    def act(data: dict[str, Any]) -> str:
        password = people.initial_password()
        party = by_id[data.pop("party")]
        person = people.person_create(actor=viewer, party=party, password=password, **data)
        messages.warning(
            request,
            _("First password of %(name)s: %(password)s It is shown once; hand it over in person.")
            % {"name": person.username, "password": f"{password} "},
        )
        return reverse("web:person", args=[person.pk])

    context = {"heading": _("New person"), "submit": _("Create"), "back": reverse("web:people")}
    return run_form(request, form=form, template="web/form.html", context=context, act=act)


@access(GET="people.read")
def person(request: HttpRequest, person_id: int) -> HttpResponse:
    """One person with roles."""
    viewer = request_viewer(request)
    found = selectors.person_get(person_id, viewer=viewer)
    held = {membership.role_id for membership in found.live_memberships}
    roles = [(role.pk, _(role.name)) for role in selectors.roles_for(found.party) if role.pk not in held]
    return render(
        request,
        "web/people/person.html",
        {
            "person": found,
            "role_form": RoleForm(roles=roles) if roles else None,
            "may_edit": allows(viewer, "people.edit"),
            "may_grant": allows(viewer, "role.grant") and viewer.user_id != found.pk,
        },
    )


@access(GET="people.edit", POST="people.edit")
def person_edit(request: HttpRequest, person_id: int) -> HttpResponse:
    viewer = request_viewer(request)
    found = selectors.person_get(person_id, viewer=viewer)
    initial = {name: getattr(found, name) for name in PersonEditForm.base_fields}
    form = PersonEditForm(request.POST or None, initial=initial)
    target = reverse("web:person", args=[found.pk])

    def act(data: dict[str, Any]) -> str:
        people.person_update(actor=viewer, user=found, **data)
        return target

    context = {"heading": found.display_name, "submit": _("Save"), "back": target}
    return run_form(request, form=form, template="web/form.html", context=context, act=act, done=_("Saved."))


@access(POST="role.grant")
def role_grant(request: HttpRequest, person_id: int) -> HttpResponse:
    viewer = request_viewer(request)
    found = selectors.person_get(person_id, viewer=viewer)
    roles = {role.pk: role for role in selectors.roles_for(found.party)}
    role = roles.get(request.POST.get("role", ""))
    try:
        if role is None:
            raise people.AccountRefused(_("Choose a role from the list."), "role")
        people.role_grant(actor=viewer, user=found, role=role)
    except people.AccountRefused as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Role granted. It counts from the person's next page on."))
    return HttpResponseRedirect(reverse("web:person", args=[found.pk]))


@access(POST="role.grant")
def role_revoke(request: HttpRequest, membership_id: int) -> HttpResponse:
    viewer = request_viewer(request)
    membership = selectors.membership_get(membership_id, viewer=viewer)
    try:
        people.role_revoke(actor=viewer, membership=membership)
    except people.AccountRefused as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Role revoked."))
    return HttpResponseRedirect(reverse("web:person", args=[membership.user_id]))


@access(GET="party.read")
def parties(request: HttpRequest) -> HttpResponse:
    viewer = request_viewer(request)
    rows = selectors.parties_list(viewer=viewer)
    table = Table(
        _("Parties"),
        (Column(_("Name"), "main"), Column(_("Kind")), Column(_("Postal address"))),
        tuple(
            Row(
                (
                    Cell(party.name, url=reverse("web:party", args=[party.pk])),
                    Cell(party.get_kind_display(), chip=True, tone="info" if party.kind == "buyer" else ""),
                    Cell(party.postal_address or party.registered_address),
                )
            )
            for party in rows
        ),
        _("No parties here yet"),
    )
    return render(request, "web/people/parties.html", {"table": table, "may_edit": allows(viewer, "party.edit")})


@access(GET="party.edit", POST="party.edit")
def party_create(request: HttpRequest) -> HttpResponse:
    viewer = request_viewer(request)

    def act(data: dict[str, Any]) -> str:
        return reverse("web:party", args=[people.party_create(actor=viewer, **data).pk])

    context = {"heading": _("New party"), "submit": _("Create"), "back": reverse("web:parties")}
    form = PartyForm(request.POST or None)
    return run_form(request, form=form, template="web/form.html", context=context, act=act, done=_("Saved."))


@access(GET="party.read")
def party(request: HttpRequest, party_id: int) -> HttpResponse:
    viewer = request_viewer(request)
    found = selectors.party_get(party_id, viewer=viewer)
    return render(
        request,
        "web/people/party.html",
        {
            "party": found,
            "contacts": list(selectors.contacts_of(found, viewer=viewer)),
            "may_edit": allows(viewer, "party.edit"),
            "may_contact": allows(viewer, "contact.edit"),
        },
    )


@access(GET="party.edit", POST="party.edit")
def party_edit(request: HttpRequest, party_id: int) -> HttpResponse:
    viewer = request_viewer(request)
    found = selectors.party_get(party_id, viewer=viewer)
    initial = {name: getattr(found, name) for name in PartyEditForm.base_fields}
    target = reverse("web:party", args=[found.pk])

    def act(data: dict[str, Any]) -> str:
        people.party_update(actor=viewer, party=found, **data)
        return target

    context = {"heading": found.name, "submit": _("Save"), "back": target}
    form = PartyEditForm(request.POST or None, initial=initial)
    return run_form(request, form=form, template="web/form.html", context=context, act=act, done=_("Saved."))


@access(GET="contact.edit", POST="contact.edit")
def contact_add(request: HttpRequest, party_id: int) -> HttpResponse:
    viewer = request_viewer(request)
    found = selectors.party_get(party_id, viewer=viewer)
    target = reverse("web:party", args=[found.pk])

    def act(data: dict[str, Any]) -> str:
        people.contact_add(actor=viewer, party=found, **data)
        return target

    context = {"heading": _("New contact"), "sub": found.name, "submit": _("Save"), "back": target}
    form = ContactForm(request.POST or None)
    return run_form(request, form=form, template="web/form.html", context=context, act=act, done=_("Saved."))


@access(POST="contact.edit")
def contact_end(request: HttpRequest, contact_id: int) -> HttpResponse:
    viewer = request_viewer(request)
    contact = selectors.contact_get(contact_id, viewer=viewer)
    people.contact_end(actor=viewer, contact=contact)
    messages.success(request, _("Contact ended; it stays in the history."))
    return HttpResponseRedirect(reverse("web:party", args=[contact.party_id]))
