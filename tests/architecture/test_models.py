"""What holds for every model: references point down, rows are scoped, migrations are complete."""

import io

import pytest
from django.apps import apps
from django.core.exceptions import EmptyResultSet
from django.core.management import call_command
from django.db import models

from accounts.scoping import NOBODY, Viewer
from tests.architecture.house import APPS, HEIGHT

# Models without rows of any party: what they hold is the same for everybody who may reach the page at all.
NOT_SCOPED = {
    "accounts.User": "fetched by log-in and by account selectors that check their own rights",
    "accounts.Role": "the eight roles are public knowledge, seeded by a migration",
    "accounts.JournalChain": "heads of chains hold no text; entries are scoped",
    "billing.NumberSequence": "counters that only the numbering service reads",
    "contracts.CalendarYear": "published working days belong to no contract",
}


def domain_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models(include_auto_created=True) if model._meta.app_label in APPS]


def test_foreign_keys_point_down() -> None:
    """String references are invisible to import-linter, so the order is checked on the models themselves."""
    upward = []
    for model in domain_models():
        here = model._meta.app_label
        for field in model._meta.get_fields():
            if not (field.is_relation and getattr(field, "concrete", False) and field.related_model):
                continue
            there = field.related_model._meta.app_label  # type: ignore[union-attr]
            if there in APPS and there != here and HEIGHT[there] >= HEIGHT[here]:
                upward.append(f"{model._meta.label}.{field.name} points to {field.related_model._meta.label}")  # type: ignore[union-attr]
    assert not upward


def _viewers() -> list[Viewer]:
    viewers = [NOBODY]
    for role in ("IT", "FIN", "MGR", "VND", "SUP", "AUD", "SEC", "SYS"):
        for kind in ("buyer", "vendor", "supervisor", "platform"):
            viewers.append(
                Viewer(user_id=1, party_id=1, kind=kind, roles=frozenset({role}), label=role, department="IT")
            )
    return viewers


def test_every_domain_model_is_scoped() -> None:
    unscoped = []
    for model in domain_models():
        if model._meta.auto_created or model._meta.label in NOT_SCOPED:
            continue
        rows = model._default_manager.none()
        if not hasattr(rows, "visible_to"):
            unscoped.append(model._meta.label)
            continue
        for viewer in _viewers():
            try:  # a wrong path to the parties shows when the query is built
                model._default_manager.all().visible_to(viewer).query.sql_with_params()
            except EmptyResultSet:
                pass
    assert not unscoped, "declare scope() and objects = ScopedManager(), or say in NOT_SCOPED why not"


def test_the_exemptions_still_exist() -> None:
    labels = {model._meta.label for model in domain_models()}
    scoped = {model._meta.label for model in domain_models() if hasattr(model._default_manager.none(), "visible_to")}
    assert not set(NOT_SCOPED) - labels
    assert not set(NOT_SCOPED) & scoped


def test_no_money_or_hours_in_floating_point() -> None:
    floats = [
        f"{model._meta.label}.{field.name}"
        for model in domain_models()
        for field in model._meta.local_concrete_fields
        if isinstance(field, models.FloatField)
    ]
    assert not floats


@pytest.mark.django_db
def test_migrations_are_complete() -> None:
    out = io.StringIO()
    try:
        call_command("makemigrations", check=True, dry_run=True, stdout=out, stderr=out)
    except SystemExit:
        pytest.fail(out.getvalue())
