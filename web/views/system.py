"""Configuration for the system administrator: what runs, and a test mail."""

from __future__ import annotations

import django
from django.conf import settings
from django.contrib import messages
from django.core.mail import send_mail
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import journal
from accounts.policy import access
from accounts.scoping import request_viewer


@access(GET="system.read")
def system(request: HttpRequest) -> HttpResponse:
    """Versions, database, broker and mail settings, without secrets."""
    facts = [
        (_("Mode"), settings.MODE),
        (_("Database"), connection.vendor),
        (_("Queue"), "Redis" if settings.REDIS_URL else _("files in the data folder")),
        (_("Mail goes to"), settings.EMAIL_BACKEND.rsplit(".", 2)[-2]),
        (_("Sender address"), settings.DEFAULT_FROM_EMAIL),
        (_("Largest upload"), f"{settings.UPLOAD_MAX_BYTES // 1024 // 1024} MiB"),
        ("Django", django.get_version()),
    ]
    return render(request, "web/settings/system.html", {"facts": facts})


@access(POST="system.configure")
def test_mail(request: HttpRequest) -> HttpResponse:
    """Send one mail to the administrator's own address and say what happened."""
    viewer = request_viewer(request)
    address = getattr(request.user, "email", "")
    target = HttpResponseRedirect(reverse("web:system"))
    if not address:
        messages.error(request, _("Your account has no e-mail address. Enter one under “My account” first."))
        return target
    try:
        send_mail(
            _("Test mail"),
            _("If you read this, mail works."),
            settings.DEFAULT_FROM_EMAIL,
            [address],
            fail_silently=False,
        )
    except OSError as error:  # smtplib's errors are OSErrors: connection, log-in, refusal
        messages.error(
            request,
            _("The mail server did not take the mail: %(error)s. Check EMAIL_URL.") % {"error": str(error)[:200]},
        )
        return target
    with transaction.atomic():
        journal.record(viewer, "system.test_mail", chain=journal.ACCOUNTS_CHAIN, after={"to": address})
    messages.success(request, _("Test mail sent to %(address)s.") % {"address": address})
    return target
