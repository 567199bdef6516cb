from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ContractsConfig(AppConfig):
    name = "contracts"

    def ready(self) -> None:
        from contracts.services.calendars import calendars_seed

        post_migrate.connect(calendars_seed, sender=self)
