"""Deny by default. Every view declares its action (accounts.policy.access); this middleware puts the viewer on the
request and answers: anonymous → log-in, not readable → 404, wrong method → 405, readable but not allowed → 403."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation

from accounts import journal
from accounts.external_routes import EXTERNAL_ROUTES
from accounts.policy import (
    Access,
    NotAllowed,
    NotVisible,
    ReauthenticationRequired,
    allows,
    may_read,
)
from accounts.scoping import NOBODY, Viewer, viewer_for

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def client_ip(request: HttpRequest) -> str:
    """The reader's address. In production the reverse proxy overwrites X-Real-IP (deploy/nginx.conf); elsewhere
    nobody stands between, and a header would be the reader's own invention."""
    peer = request.META.get("REMOTE_ADDR", "")
    return str(request.META.get("HTTP_X_REAL_IP", peer) if settings.PRODUCTION else peer)[:45]


def _authenticated_at(request: HttpRequest) -> datetime | None:
    methods = request.session.get("account_authentication_methods") or []
    moments = [entry["at"] for entry in methods if "at" in entry]
    return datetime.fromtimestamp(max(moments), tz=UTC) if moments else None


def declared_access(view: Callable[..., Any], route_name: str) -> Access | None:
    """A view's declaration; for class-based views on the class, for third-party views in EXTERNAL_ROUTES."""
    found = getattr(view, "access", None) or getattr(getattr(view, "view_class", None), "access", None)
    found = found or getattr(getattr(view, "cls", None), "access", None)
    return found or EXTERNAL_ROUTES.get(route_name)


class LanguageMiddleware:
    """A person's own language, unless this browser chose another one with the language switch."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = getattr(request.user, "language", "")
        if language and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            translation.activate(language)
            request.LANGUAGE_CODE = translation.get_language()
        return self.get_response(request)


class AccessMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.viewer = self._viewer(request)  # type: ignore[attr-defined]
        return self.get_response(request)

    def _viewer(self, request: HttpRequest) -> Viewer:
        user = request.user
        if not user.is_authenticated:
            return NOBODY
        return viewer_for(user, ip=client_ip(request), authenticated_at=_authenticated_at(request))

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        rule = declared_access(view, match.view_name if match else "")
        if rule is None:
            raise PermissionDenied("This address is not in the role × action table.")
        if rule.public:
            return (
                None if request.method in rule.methods | {"OPTIONS"} else HttpResponseNotAllowed(sorted(rule.methods))
            )
        if getattr(getattr(view, "cls", None), "api_door", False):
            return None  # the API authenticates by token as well; ActionPermission applies the same table
        viewer: Viewer = request.viewer  # type: ignore[attr-defined]
        if viewer.user_id is None:
            return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
        if not any(may_read(viewer, action) for action in rule.actions.values()):
            raise Http404
        method = "GET" if request.method == "HEAD" else request.method or "GET"
        if method not in rule.methods:
            return HttpResponseNotAllowed(sorted(rule.methods))
        action = rule.actions[method]
        if not may_read(viewer, action):
            raise Http404
        if not allows(viewer, action):
            self._denied(request, action)
            raise PermissionDenied(action)
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, NotVisible):
            raise Http404 from exception
        if isinstance(exception, ReauthenticationRequired):
            # A page that was only looked at is opened again; a sent form goes back to the page it stood on.
            here = request.get_full_path()
            back = here if request.method in SAFE_METHODS else request.META.get("HTTP_REFERER") or here
            query = urlencode({"next": back})
            return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{query}")
        if isinstance(exception, NotAllowed):
            self._denied(request, "")
            raise PermissionDenied(exception.message) from exception
        return None

    def _denied(self, request: HttpRequest, action: str) -> None:
        """A refused change leaves exactly one journal entry; refused reading does not fill the journal."""
        if request.method in SAFE_METHODS:
            return
        with transaction.atomic():
            journal.record(
                request.viewer,  # type: ignore[attr-defined]
                action or "denied",
                chain=journal.ACCOUNTS_CHAIN,
                after={"path": request.path, "method": request.method},
                result="denied",
            )
