"""Rows of several tables in one statement: what an evaluation rests on lies in many, and each question costs a trip.

Every row travels as a list of texts and becomes an instance of its model again, as `Model.from_db` makes it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, IntegerField, QuerySet, TextField, Value
from django.db.models.functions import Cast, JSONArray


def _value(field: models.Field[Any, Any], text: Any) -> Any:
    """The value of a column from its text: SQLite and PostgreSQL write booleans and decimals differently."""
    if text is None:
        return None
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    if isinstance(field, models.JSONField):
        return json.loads(text, cls=field.decoder)
    if isinstance(field, models.BooleanField):
        return text in ("1", "true")
    if isinstance(field, models.DecimalField):
        return Decimal(text).quantize(Decimal(1).scaleb(-field.decimal_places))
    if isinstance(field, models.DateTimeField):
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    if isinstance(field, models.DateField):
        return date.fromisoformat(text)
    return field.to_python(text)


def gather(*questions: QuerySet[Any]) -> list[list[Any]]:
    """The rows of each question, in the order of their keys. One statement; annotations and joins do not travel."""
    parts = [
        question.order_by()
        .annotate(
            gathered_from=Value(number, output_field=IntegerField()),
            gathered=JSONArray(
                *(Cast(F(field.attname), TextField()) for field in question.model._meta.concrete_fields)
            ),
        )
        .values_list("gathered_from", "gathered")
        for number, question in enumerate(questions)
    ]
    found: list[list[Any]] = [[] for _question in questions]
    if not parts:
        return found
    for number, texts in parts[0].union(*parts[1:], all=True):
        model, using = questions[number].model, questions[number].db
        fields: Sequence[models.Field[Any, Any]] = model._meta.concrete_fields
        values = [_value(field, text) for field, text in zip(fields, texts, strict=True)]
        found[number].append(model.from_db(using, [field.attname for field in fields], values))
    for rows in found:
        rows.sort(key=lambda row: row.pk)
    return found
