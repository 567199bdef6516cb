"""Facts as JSON and back, so that a stored assessment can be computed again from exactly what it saw. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from engine.facts import FactRecord, FactStore

# A moment or an exact number is an object with one of these keys; plain JSON values stand for themselves.
_INSTANT, _DAY, _DECIMAL, _FRACTION = "$at", "$on", "$decimal", "$fraction"


def _dumped(value: Any) -> Any:
    if isinstance(value, datetime):
        return {_INSTANT: value.isoformat()}
    if isinstance(value, date):
        return {_DAY: value.isoformat()}
    if isinstance(value, Decimal):
        return {_DECIMAL: str(value)}
    if isinstance(value, Fraction):
        return {_FRACTION: str(value)}
    if isinstance(value, Mapping):
        return {str(name): _dumped(item) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_dumped(item) for item in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    raise TypeError(f"{type(value).__name__} does not belong into a fact")


def _loaded(value: Any) -> Any:
    if isinstance(value, list):
        return [_loaded(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (name, text), *_rest = value.items()
        if name == _INSTANT:
            return datetime.fromisoformat(text)
        if name == _DAY:
            return date.fromisoformat(text)
        if name == _DECIMAL:
            return Decimal(text)
        if name == _FRACTION:
            return Fraction(text)
    return {name: _loaded(item) for name, item in value.items()}


def record_dump(record: FactRecord) -> dict[str, Any]:
    """A record as JSON data; empty fields are left out."""
    values = {each.name: getattr(record, each.name) for each in fields(record)}
    return {name: _dumped(value) for name, value in values.items() if value not in ("", None, {})}


def record_load(data: Mapping[str, Any]) -> FactRecord:
    """The inverse of `record_dump`. Raises TypeError for a field no record has."""
    return FactRecord(**{name: _loaded(value) for name, value in data.items()})


def facts_dump(facts: FactStore) -> list[dict[str, Any]]:
    """All records of a store, in their order."""
    return [record_dump(record) for record in facts.records]


def facts_load(data: Iterable[Mapping[str, Any]]) -> FactStore:
    """The store again. Raises engine.facts.FactsRefused if the records contradict each other."""
    return FactStore(record_load(each) for each in data)


def fingerprint(data: object) -> str:
    """SHA-256 of JSON data in its canonical form."""
    body = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(body.encode()).hexdigest()
