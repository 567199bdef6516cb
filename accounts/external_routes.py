"""Routes of third-party packages and their access: they cannot carry the `access` mark themselves."""

from accounts.policy import Access

_PUBLIC = Access({"GET": "", "POST": ""}, public=True)
_SELF = Access({"GET": "self.manage", "POST": "self.manage"})
# No self-registration and no self-service address book: people are created by administrators.
_CLOSED = None

EXTERNAL_ROUTES: dict[str, Access | None] = {
    "account_login": _PUBLIC,
    "account_logout": Access({"GET": "self.manage", "POST": "self.manage"}),
    "account_reset_password": _PUBLIC,
    "account_reset_password_done": _PUBLIC,
    "account_reset_password_from_key": _PUBLIC,
    "account_reset_password_from_key_done": _PUBLIC,
    "account_change_password": _SELF,
    "account_reauthenticate": _SELF,
    "set_language": Access({"POST": ""}, public=True),
}
