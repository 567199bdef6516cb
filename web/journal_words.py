"""Journal actions in words."""

from django.utils.translation import gettext_lazy as _

WORDS = {
    "session.start": _("Logged in"),
    "session.end": _("Logged out"),
    "session.refused": _("Log-in refused"),
    "denied": _("Refused"),
    "party.create": _("Party created"),
    "party.update": _("Party changed"),
    "person.create": _("Person created"),
    "person.update": _("Person changed"),
    "role.grant": _("Role granted"),
    "role.revoke": _("Role revoked"),
    "contact.add": _("Contact added"),
    "contact.end": _("Contact ended"),
    "self.update": _("Own account changed"),
    "token.create": _("API token made"),
    "token.revoke": _("API token revoked"),
    "system.test_mail": _("Test mail sent"),
    "journal.export": _("Journal exported"),
    "journal.verify": _("Journal verified"),
}


def action_words(action: str) -> str:
    """The action in the reader's language; an action without words is shown by its name."""
    return str(WORDS.get(action, action))
