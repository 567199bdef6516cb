from django.apps import AppConfig


class SLAConfig(AppConfig):
    name = "sla"

    def ready(self) -> None:
        from contracts import facts
        from sla.facts import NAME, asks, records

        facts.register(NAME, records, asks)
