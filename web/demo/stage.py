"""What every part of the told story needs: the contract, the day it is told on, and the people who act."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.scoping import SYSTEM, Viewer, viewer_for
from accounts.selectors import people_list
from billing.selectors import milestones_list
from web.demo.paper import paper


@dataclass(frozen=True, slots=True)
class Cast:
    """The people of the fictional contract, each as if signed in a moment ago."""

    it: Viewer
    fin: Viewer
    mgr: Viewer
    mgr2: Viewer
    sup: Viewer
    vendor: Viewer
    vendor2: Viewer

    @classmethod
    def present(cls) -> Cast:
        people = {person.username: person for person in people_list(viewer=SYSTEM)}
        now = timezone.now()
        return cls(**{
            name: replace(viewer_for(people[name]), authenticated_at=now) for name in cls.__dataclass_fields__
        })  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stage:
    """The contract, the day the story is told on, and the cast."""

    contract: Any
    today: date
    cast: Cast

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.contract.zone)

    def milestones(self) -> list[Any]:
        """The instalments in their order."""
        rows = milestones_list(viewer=SYSTEM, contract=self.contract, as_of=self.today).rows
        return sorted((row.milestone for row in rows), key=lambda milestone: milestone.position)

    def month(self, index: int) -> date:
        """The first day of the month of service `index`, counted from 0; a term begins on the first of a month."""
        months = self.contract.starts_on.year * 12 + self.contract.starts_on.month - 1 + index
        return date(months // 12, months % 12 + 1, 1)


def upload(name: str, *lines: str) -> SimpleUploadedFile:
    """A small PDF saying `lines`, as handed to a form."""
    return SimpleUploadedFile(f"{name}.pdf", paper(lines), content_type="application/pdf")
