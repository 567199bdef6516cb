from django.apps import AppConfig


class PenaltiesConfig(AppConfig):
    name = "penalties"

    def ready(self) -> None:
        from contracts.facts import register
        from penalties.facts import NAME, asks, records

        register(NAME, records, asks)
