"""The button that issues a document about the thing a page shows."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context
from django.urls import reverse

from accounts.policy import allows
from accounts.scoping import request_viewer
from contracts.asof import page_date
from documents.selectors import kind_label

register = template.Library()


@register.inclusion_tag("web/documents/issue.html", takes_context=True)
def issue_document(context: Context, kind: str, key: int) -> dict[str, Any]:
    """`{% issue_document "delay_notice" hold.pk %}`: a button for people who may issue, on pages that show today; after
    issuing it comes back to the page. Without rows to read: no query."""
    request = context["request"]
    shown = allows(request_viewer(request), "document.issue") and page_date(request).is_today
    return {
        "shown": shown and bool(key),
        "url": reverse("web:document_issue_of", args=[kind, key]) if key else "",
        "label": kind_label(kind),
        "back": request.path,
        "csrf_token": context.get("csrf_token"),
    }
