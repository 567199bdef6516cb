"""The OpenAPI document is complete and can be read without the internet."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import reverse

from api.urls import urlpatterns
from tests.world import World


def test_the_document_is_complete_and_valid(tmp_path: Path) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yaml"))


def test_every_endpoint_is_described(world: World) -> None:
    document = json.loads(world.client("IT").get("/api/schema/?format=json").content)
    described = set(document["paths"])
    own = {"/api/" + re.sub("<int:([a-z_]+)>", "{\\1}", str(route.pattern)) for route in urlpatterns}
    assert own - described == {"/api/schema/", "/api/docs/"}
    for path, methods in document["paths"].items():
        assert set(methods) == {"get"}, path
        assert {"200", "400", "401", "403", "404"} <= set(methods["get"]["responses"])
        assert {"bearer": []} in methods["get"]["security"]


def test_the_page_has_nothing_inline_and_nothing_from_elsewhere(world: World) -> None:
    client = world.client("IT")
    answer = client.get(reverse("api:docs"))
    body = answer.content.decode()
    assert answer.status_code == 200
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "<style" not in body
    assert not re.search(r"<script(?![^>]*src=)", body)
    assert not re.search(r'(src|href)="(https?:)?//', body)
    script = client.get(re.search(r'src="([^"]*script[^"]*)"', body.split("standalone")[1])[1])  # type: ignore[index]
    assert script["Content-Type"].startswith("application/javascript")


@pytest.mark.parametrize("who", ["VND", "SUP", "AUD"])
def test_every_reader_of_contracts_may_read_it(world: World, who: str) -> None:
    assert world.client(who).get("/api/docs/").status_code == 200
