"""Fields for amounts and quantities: what is above the largest figure both databases keep exactly is refused, in forms,
in services and, as the last resort, where a row is written (engine.money says why there is a largest one)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy

from contracts.errors import Refused
from engine.money import LARGEST_AMOUNT, largest

# Named as Django's own validator names them, so that forms and services say the same.
SENTENCE = gettext_lazy(
    "%(show_value)s is above %(limit_value)s, the most that is kept to the last digit. Check the figure and its unit."
)
SHOWN = 40


def too_large(value: Decimal, limit: Decimal) -> str:
    """The sentence that refuses a figure above the limit."""
    shown = f"{value:,}"
    if len(shown) > SHOWN:
        shown = f"{shown[:SHOWN]}…"
    return str(SENTENCE) % {"show_value": shown, "limit_value": f"{limit:,}"}


def refuse_too_large(value: Decimal, limit: Decimal, field: str | None = None) -> None:
    """Raises Refused for a figure beyond the limit, of whatever sign."""
    if abs(value) > limit:
        raise Refused(too_large(value, limit), field)


class MoneyField(models.DecimalField):
    """A decimal column that never rounds a large figure: it refuses one of more digits than both databases keep.

    The column itself is a plain decimal (migrations know nothing else). Every way of writing a value comes by here: a
    row saved, rows made or changed in bulk, an update by query; only expressions the database works out do not, and
    their results are held within other columns by constraints.
    """

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.DecimalField", args, kwargs

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """The value for the column. Raises Refused above the largest figure of so many decimals."""
        if not hasattr(value, "as_sql"):
            figure = self.to_python(value)
            if figure is not None:
                refuse_too_large(figure, largest(self.decimal_places), self.name)
        return super().get_db_prep_save(value, connection)


class AmountInput(forms.DecimalField):
    """An amount of money in a form: two decimals and the largest amount, if nothing else is said."""

    def __init__(self, *, decimal_places: int = 2, max_value: Decimal = LARGEST_AMOUNT, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 18)
        kwargs["error_messages"] = {"max_value": SENTENCE, **(kwargs.get("error_messages") or {})}
        super().__init__(decimal_places=decimal_places, max_value=max_value, **kwargs)
