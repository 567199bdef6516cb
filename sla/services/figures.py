"""Figures people enter per period, such as a data availability the contract gives no formula for."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.policy import require
from accounts.scoping import Viewer
from contracts.errors import Refused
from contracts.models import Contract, Fact
from contracts.selectors import definition_for
from contracts.services.files import Upload
from obligations.services.events import series_record
from sla.services.common import clean_text


def figure_record(
    *,
    actor: Viewer,
    contract: Contract,
    series: str,
    period: str,
    value: str,
    method: str,
    system: str = "",
    upload: Upload | None = None,
    supersedes: Fact | None = None,
) -> Fact:
    """Enter a figure of one of the definition's series for a period ("2026-06"), with the method it was found by: the
    contract may leave it open. `value` as in facts ("99.99989%"), kept exactly.

    It waits for the second role where the definition names one. Raises Refused for an unknown series or system, an
    ill-typed value, without a method, or a second entry for the same period.
    """
    require(actor, "fact.propose", contract)
    how = clean_text(method, "method", required=_("Say how the figure was found: the contract gives no formula."))
    definition = definition_for(contract)
    if series not in definition.series:
        raise Refused(_("The contract's definition has no such figure."), "series")
    key = {"system": system} if "system" in definition.series[series].key and system else {}
    return series_record(
        actor=actor, contract=contract, name=series, period=period, value=value.strip(), key=key, note=how,
        uploads=[upload] if upload is not None else [], supersedes=supersedes,
    )  # fmt: skip
