from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import sessions  # noqa: F401  (connects the log-in signals)
        from accounts.services.roles import roles_seed

        post_migrate.connect(roles_seed, sender=self)
