"""Bearer tokens for machines. Browser sessions work too, with CSRF (rest_framework's SessionAuthentication)."""

from __future__ import annotations

from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.middleware import client_ip
from accounts.services.tokens import viewer_for_token


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer lyt_…`. Sets the request's viewer to the token's, with its scopes."""

    keyword = b"bearer"

    def authenticate(self, request: Request):  # type: ignore[no-untyped-def]
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != self.keyword:
            return None
        if len(parts) != 2:
            raise AuthenticationFailed(_("Send the header as “Authorization: Bearer <token>”."))
        found = viewer_for_token(parts[1].decode("ascii", "replace"), ip=client_ip(request._request))
        if found is None:
            raise AuthenticationFailed(_("This token is unknown, expired or revoked. Make a new one."))
        user, viewer = found
        request._request.viewer = viewer  # type: ignore[attr-defined]
        return user, viewer

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "api.authentication.TokenAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema):
        return {"type": "http", "scheme": "bearer"}
