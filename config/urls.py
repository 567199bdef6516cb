"""All addresses. Every route declares its access (accounts.policy); tests/doors walks this list."""

from django.urls import include, path
from django.views.i18n import set_language

urlpatterns = [
    path("", include("web.urls")),
    path("portal/", include("portal.urls")),
    path("api/", include("api.urls")),
    path("verify/", include("documents.urls")),
    path("account/", include("accounts.urls")),
    path("i18n/setlang/", set_language, name="set_language"),
]
