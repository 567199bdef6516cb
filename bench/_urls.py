"""The product's addresses and one more: its own staff frame around an empty body, the anchor of `bench.pages`."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path

from accounts.policy import access


@access(GET="home.read")
def shell(request: HttpRequest) -> HttpResponse:
    return render(request, "web/base.html")


urlpatterns = [path("shell/", shell), path("", include("config.urls"))]
