from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        from billing.allocation_facts import allocation_facts
        from billing.allocation_facts import asks as allocation_asks
        from billing.facts import NAME, asks, records
        from billing.guarantee_facts import asks as security_asks
        from billing.guarantee_facts import records as security_facts
        from contracts.facts import register

        register(NAME, records, asks)
        register("billing.allocation", allocation_facts, allocation_asks)
        register("billing.securities", security_facts, security_asks)
