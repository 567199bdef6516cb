"""The bell: a Notification row per person and source."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from obligations.channels import DELIVERED, Message, Outcome
from obligations.models import Notification


class InApp:
    name = "in_app"

    def deliver(self, messages: Sequence[Message], *, now: datetime) -> list[Outcome]:
        """One statement; a message that was delivered before is ignored by its unique source."""
        Notification.objects.bulk_create(
            [
                Notification(
                    user_id=message.recipient.pk,
                    obligation_id=message.obligation_id,
                    source=message.source,
                    message=message.message,
                    params=dict(message.params),
                    created_at=now,
                )
                for message in messages
            ],
            ignore_conflicts=True,
        )
        return [DELIVERED] * len(messages)
