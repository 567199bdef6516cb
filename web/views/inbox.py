"""The inbox, home of the buyer's staff: what waits for me, for others, what is done, what colleagues do."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policy import access
from accounts.scoping import request_viewer
from contracts.asof import page_date
from contracts.errors import Refused
from contracts.selectors.facts import facts_to_confirm
from documents.excel import excel_response
from obligations import selectors as obligations
from obligations.selectors.inbox import inbox as read_inbox
from obligations.services.reminders.actions import chase
from web.components import KeysetPage, Tab
from web.links import with_query
from web.obligation_rows import component_groups, excel_heads, excel_row
from web.waiting import tasks_for
from web.words import titled_facts

EXPORT_ROWS = 20_000
FACTS = 5


@access(GET="contract.internal.read")
def inbox(request: HttpRequest) -> HttpResponse:
    """One page of one tab, grouped by urgency; keyset pages, no counting. Also as Excel."""
    viewer, page = request_viewer(request), page_date(request)
    tab = request.GET.get("tab", "todo")
    export = request.GET.get("format") == "xlsx"
    found = read_inbox(
        viewer=viewer,
        as_of=page.as_of,
        known_on=page.known_on,
        today=page.today,
        tab=tab,
        cursor=request.GET.get("cursor", ""),
        **({"size": EXPORT_ROWS} if export else {}),
    )
    if export:
        return excel_response(_("Inbox"), _("Inbox"), excel_heads(), map(excel_row, found.page.rows))
    labels = (
        ("todo", _("To do")),
        ("waiting", _("Waiting for others")),
        ("done", _("Done")),
        ("copied", _("For information")),
    )
    tabs = tuple(
        Tab(label, with_query(request, tab=None if code == "todo" else code), code == found.tab)
        for code, label in labels
    )
    tasks = tasks_for(viewer) if page.is_today else ()
    facts = titled_facts(facts_to_confirm(viewer=viewer, limit=FACTS))
    context = {
        "tabs": tabs,
        "groups": component_groups(found.page.rows, query=page.query, with_contract=True),
        "page": KeysetPage(
            newer_url="" if found.page.is_first else with_query(request),
            older_url=with_query(request, cursor=found.page.next_cursor) if found.page.next_cursor else "",
            shown=len(found.page.rows),
        ),
        "tab": found.tab,
        "waiting_facts": facts,
        "waiting_count": len(tasks) + len(facts),
        "tasks": tasks,
        "chasable": [row for row in found.page.rows if row.verb == "chase"],
        "excel_url": with_query(request, format="xlsx"),
        "today": page.is_today,
    }
    return render(request, "web/inbox/inbox.html", context)


@access(POST="obligation.chase")
def chase_many(request: HttpRequest) -> HttpResponse:
    """Chase several obligations at once; each is its own act, those that refuse are named."""
    viewer = request_viewer(request)
    done = 0
    for text in request.POST.getlist("obligation")[:200]:
        if not text.isascii() or not text.isdigit():
            continue
        obligation = obligations.obligation_object(int(text), viewer=viewer)
        try:
            chase(actor=viewer, obligation=obligation)
            done += 1
        except Refused as error:
            messages.warning(request, f"{obligation.title}: {error.message}")
    if done:
        messages.success(request, _("%(count)s chased.") % {"count": done})
    return HttpResponseRedirect(f"{reverse('web:inbox')}?tab=waiting")
