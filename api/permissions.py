"""The same role × action table as every other door, plus the token's scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission

from accounts.middleware import declared_access
from accounts.policy import allows, may_read
from accounts.scoping import request_viewer

if TYPE_CHECKING:  # rest_framework.views itself loads this module, by settings
    from rest_framework.request import Request
    from rest_framework.views import APIView


class ActionPermission(BasePermission):
    """Not readable → 404, readable but not allowed → 403, token without the view's scope → 403."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        match = request.resolver_match
        rule = declared_access(type(view), match.view_name if match else "")
        if rule is None:
            return False
        if rule.public:
            return True
        viewer = request_viewer(request._request)
        if viewer.user_id is None:
            return False
        if not any(may_read(viewer, action) for action in rule.actions.values()):
            raise Http404
        action = rule.actions.get("GET" if request.method == "HEAD" else str(request.method), "")
        if not action:
            return True  # the method is not answered: dispatch says 405
        if not may_read(viewer, action):
            raise Http404
        if not allows(viewer, action):
            return False
        scope = getattr(view, "token_scope", "")
        if viewer.scopes is not None and scope and scope not in viewer.scopes:
            raise PermissionDenied(
                _("This token does not include “%(scope)s”. Make one that does, in your account's list of tokens.")
                % {"scope": scope}
            )
        return True
