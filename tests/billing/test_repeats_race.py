"""What posts or decides money, by four windows at once, on PostgreSQL (security.md F2). That every other POST about
money has the same protection, test_repeats shows one by one."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import IdempotencyRecord
from tests.billing import penalty_steps, security_steps  # noqa: F401 - they add their steps to STEPS
from tests.billing.money_steps import NOW, STEPS
from tests.billing.sending import body_of, send, state
from tests.racing import at_once
from tests.world import build_world

RACED = (
    "web:invoice_check", "web:payment_apply", "web:payment_decide", "web:payment_post", "web:reversal_decide",
    "web:deduction_add", "web:deduction_reverse", "web:claim_settle", "web:refund_pay", "web:security_order_decide",
    "web:security_claim_answer", "web:settlement_decide", "web:adjustment_decide", "web:payee_decide",
)  # fmt: skip


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_four_windows_at_once_have_one_effect_each() -> None:
    """The same key from four threads. One of them does it; the others get its answer, or are
    told that it is being done."""
    with time_machine.travel(NOW, tick=True):
        world = build_world()
        for number, (route, act) in enumerate(step for step in STEPS if step[0] in RACED):
            key = f"race-{number}"
            client, address, body = body_of(world, route, act(world))
            session = client.cookies[settings.SESSION_COOKIE_NAME].value
            answers = sent_at_once(session, address, body, key)
            done = [answer for answer in answers if answer.status_code == 302]
            assert {answer.status_code for answer in answers} <= {302, 409}, route
            assert len([answer for answer in done if "Idempotent-Replay" not in answer]) == 1, route
            assert len({answer.url for answer in done}) == 1, route
            assert IdempotencyRecord.objects.filter(key=key).count() == 1, route
            after = state()
            assert send(client, address, body, key)["Idempotent-Replay"] == "true", route
            assert state() == after, route


def sent_at_once(session: str, address: str, body: dict[str, Any], key: str, people: int = 4) -> list[Any]:
    """The same request by several windows at once, each with copies of the files."""
    files = {name: (value.name, value.read()) for name, value in body.items() if hasattr(value, "read")}

    def window() -> Any:
        client = Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = session
        own = {name: SimpleUploadedFile(given, content) for name, (given, content) in files.items()}
        return client.post(address, {**body, **own, "idempotency_key": key})

    return at_once(*[window] * people)
