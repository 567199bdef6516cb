"""The form of imagined facts, built from a kind of item of the definition."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contracts.compared import compared_values
from engine.definition import Definition
from web.forms.facts import attribute_field

MOMENT = {"type": "datetime-local"}


class SheetForm(forms.Form):
    """Attributes of the thing, spells that name it, and figures of a period. What is left empty is unknown, not no."""

    happened = forms.DateTimeField(label=_("When"), widget=forms.DateTimeInput(attrs=MOMENT, format="%Y-%m-%dT%H:%M"))
    day = forms.DateField(
        label=_("Seen on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The day the sheet is drawn up for."),
    )

    def __init__(self, *args: Any, definition: Definition, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.definition, self.kind = definition, definition.items[kind]
        systems = [(code, table.title) for code, table in definition.systems.items()]
        values = compared_values(definition)
        for name, of in self.kind.attributes.items():
            self.fields[f"a_{name}"] = attribute_field(name, of, systems, values.get(name, ()))
        self.spell_kinds = [each for each in definition.intervals.values() if kind in each.key.values()]
        for spell in self.spell_kinds:
            title = spell.title or spell.id
            self.fields[f"s_{spell.id}_from"] = _moment(_("%(title)s: from") % {"title": title})
            self.fields[f"s_{spell.id}_to"] = _moment(_("%(title)s: to") % {"title": title})
            if "system" in spell.key.values() and systems:
                self.fields[f"s_{spell.id}_system"] = _system(systems, _("%(title)s: system") % {"title": title})
        self.figure_kinds = list(definition.series.values())
        for figure in self.figure_kinds:
            title = figure.title or figure.id
            self.fields[f"f_{figure.id}_value"] = forms.CharField(
                label=_("%(title)s: value") % {"title": title}, max_length=40, required=False
            )
            self.fields[f"f_{figure.id}_period"] = forms.CharField(
                label=_("%(title)s: period") % {"title": title},
                max_length=10,
                required=False,
                help_text=_("Such as 2025-10."),
            )
            if "system" in figure.key.values() and systems:
                self.fields[f"f_{figure.id}_system"] = _system(systems, _("%(title)s: system") % {"title": title})

    def groups(self) -> list[tuple[Any, list[forms.BoundField], bool]]:
        """The fields as a reader fills them in: title, fields, whether to show them at once (always the thing itself,
        spells and figures when one of them is filled in or wrong)."""
        parts: dict[str, list[forms.BoundField]] = {"": [], "s": [], "f": []}
        for bound in self:
            prefix = bound.name.partition("_")[0]
            parts[prefix if prefix in ("s", "f") else ""].append(bound)
        titles = {"": _("The thing itself"), "s": _("Periods"), "f": _("Figures")}
        return [
            (titles[part], fields, not part or any(field.value() or field.errors for field in fields))
            for part, fields in parts.items()
            if fields
        ]

    def values(self) -> dict[str, Any]:
        """The filled attributes in the engine's notation."""
        found: dict[str, Any] = {}
        for name, kind in self.kind.attributes.items():
            value = self.cleaned_data.get(f"a_{name}")
            if value in (None, "", []):
                continue
            if kind == "bool":
                found[name] = value == "true"
            else:
                found[name] = value.isoformat() if hasattr(value, "isoformat") else value
        return found

    def spells(self) -> Mapping[str, tuple[datetime, datetime | None, Mapping[str, str]]]:
        """Start, end and the rest of the key of each spell filled in."""
        found = {}
        for spell in self.spell_kinds:
            start = self.cleaned_data.get(f"s_{spell.id}_from")
            if start is not None:
                found[spell.id] = (start, self.cleaned_data.get(f"s_{spell.id}_to"), self._key("s", spell))
        return found

    def figures(self) -> Mapping[str, tuple[str, str, Mapping[str, str]]]:
        """Period, value and key of each figure filled in."""
        found = {}
        for figure in self.figure_kinds:
            value = self.cleaned_data.get(f"f_{figure.id}_value")
            period = self.cleaned_data.get(f"f_{figure.id}_period")
            if value and period:
                found[figure.id] = (period, value, self._key("f", figure))
        return found

    def _key(self, prefix: str, table: Any) -> dict[str, str]:
        system = self.cleaned_data.get(f"{prefix}_{table.id}_system")
        return {part: system for part, of in table.key.items() if of == "system" and system}

    def clean(self) -> dict[str, Any]:
        """A figure needs its period, a spell its system."""
        data = super().clean() or {}
        for figure in self.figure_kinds:
            if data.get(f"f_{figure.id}_value") and not data.get(f"f_{figure.id}_period"):
                self.add_error(f"f_{figure.id}_period", _("Say which period the figure is of."))
        for spell in self.spell_kinds:
            wanted = f"s_{spell.id}_system"
            if data.get(f"s_{spell.id}_from") and wanted in self.fields and not data.get(wanted):
                self.add_error(wanted, _("Say which system it concerns."))
        return data


def _moment(label: Any) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label, required=False, widget=forms.DateTimeInput(attrs=MOMENT, format="%Y-%m-%dT%H:%M")
    )


def _system(systems: list[tuple[str, str]], label: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=[("", "—"), *systems], required=False)
