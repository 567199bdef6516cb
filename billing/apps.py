from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from billing.allocation_facts import allocation_facts
        from billing.facts import NAME, records
        from billing.guarantee_facts import records as security_facts
        from contracts.facts import register

        register(NAME, records)
        register("billing.allocation", allocation_facts)
        register("billing.securities", security_facts)
