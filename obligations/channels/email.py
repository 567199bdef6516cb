"""E-mail: plain text with an HTML alternative, in the recipient's language, under a Message-ID that never changes."""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Sequence
from datetime import datetime
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from obligations.channels import DELIVERED, Message, Outcome
from obligations.channels.sentences import render_message

logger = logging.getLogger(__name__)

NO_ADDRESS = "no_address"


def message_id(source: str) -> str:
    """The RFC 5322 Message-ID of a source: the same for every attempt, so that a repeated mail can be recognised."""
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{source.replace(':', '.')}@{host}>"


class Email:
    name = "email"

    def deliver(self, messages: Sequence[Message], *, now: datetime) -> list[Outcome]:
        """One connection for the batch. A refused address is final; a server out of reach is worth a retry."""
        if not any(message.recipient.email for message in messages):
            return [Outcome(False, hole=NO_ADDRESS)] * len(messages)
        connection = get_connection()
        try:
            connection.open()
        except (OSError, smtplib.SMTPException) as error:
            logger.warning("No mail server: %s", error)
            return [
                Outcome(False, str(error)[:300], retry=True)
                if message.recipient.email
                else Outcome(False, hole=NO_ADDRESS)
                for message in messages
            ]
        try:
            return [self._send(message, connection) for message in messages]
        finally:
            connection.close()

    def _send(self, message: Message, connection: BaseEmailBackend) -> Outcome:
        if not message.recipient.email:
            return Outcome(False, hole=NO_ADDRESS)
        try:
            self.compose(message, connection).send()
        except smtplib.SMTPRecipientsRefused as error:
            return Outcome(False, str(error)[:300])
        except (OSError, smtplib.SMTPException) as error:
            logger.warning("Mail %s not sent: %s", message.source, error)
            return Outcome(False, str(error)[:300], retry=True)
        return DELIVERED

    def compose(self, message: Message, connection: BaseEmailBackend | None = None) -> EmailMultiAlternatives:
        """The mail of a message, in the recipient's language."""
        with translation.override(message.recipient.language):
            sentence = render_message(message.message, message.params)
            context = {
                "name": message.recipient.display_name,
                "sentence": sentence,
                "lines": [render_message(line, params) for line, params in message.lines],
                "contract": message.params.get("contract", ""),
                "number": message.params.get("number", ""),
                "url": settings.SITE_URL + message.path,
                "language": message.recipient.language,
            }
            # A line break in a title must not end the header: the subject is one line.
            mail = EmailMultiAlternatives(
                subject=" ".join((_("[Lüyuetai] %(sentence)s") % {"sentence": sentence}).split())[:180],
                body=render_to_string("emails/reminder.txt", context),
                to=[message.recipient.email],
                headers={"Message-ID": message_id(message.source), "Auto-Submitted": "auto-generated"},
                connection=connection,
            )
            mail.attach_alternative(render_to_string("emails/reminder.html", context), "text/html")
        return mail
