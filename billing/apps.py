from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from billing.allocation_facts import allocation_facts
        from contracts.facts import register

        register("billing.allocation", allocation_facts)
