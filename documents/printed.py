"""An issued document's bytes from its frozen facts, whatever its kind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import segno
from django.utils.translation import gettext as _

from contracts.errors import Refused
from documents import render
from documents.papers import KINDS
from engine.money import parse_capitals

# How facts are laid out; facts frozen under an earlier number still match their hash and their bytes, but give other
# bytes when they are rendered anew.
LAYOUT = 3


def check_amounts(facts: Any) -> None:
    """Wherever an amount stands in figures and in capitals, the two are the same. Raises Refused."""
    if isinstance(facts, Mapping):
        if "amount" in facts and "capitals" in facts:
            try:
                written = parse_capitals(facts["capitals"])
            except ValueError as error:
                raise Refused(_("The amount in capitals cannot be read. Issue the document anew.")) from error
            if written != Decimal(facts["amount"]):
                raise Refused(_("The amount in capitals differs from the figures. Issue the document anew."))
        for value in facts.values():
            check_amounts(value)
    elif isinstance(facts, list | tuple):
        for value in facts:
            check_amounts(value)


def context(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What the template is filled with: the kind's own words and what every document carries."""
    content = facts["content"]
    kind = KINDS[content["kind"]]
    return {
        "title": kind.title,
        "author": content["contract"]["buyer"],
        "number": facts["number"],
        "issued_on": facts["issued_on"],
        "facts_sha256": render.facts_hash(facts),
        "verify_url": facts["verify_url"],
        "qr": segno.make(facts["verify_url"], error="m", micro=False).svg_data_uri(border=1),
        **kind.layout(content),
    }


def render_job(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The renderer's job for frozen facts. Raises Refused as `render.job` and `check_amounts` do."""
    check_amounts(facts["content"])
    return render.job(
        facts["content"]["kind"],
        context(facts),
        issued_at=datetime.fromisoformat(facts["issued_at"]),
        identifier=render.facts_hash(facts),
    )


def render_pdf(facts: Mapping[str, Any]) -> bytes:
    """The document's bytes: the same for the same facts. Raises Refused when it cannot be printed."""
    return render.pdf(render_job(facts))
