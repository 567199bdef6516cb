from tests.billing.conftest import clock, world

__all__ = ["clock", "world"]
