import pytest
import time_machine

from tests.billing.world import NOW, pay_world


@pytest.fixture
def clock():
    """Every story plays on 20 October 2025, ten in the morning in Beijing."""
    with time_machine.travel(NOW, tick=True) as traveller:
        yield traveller


@pytest.fixture
def world(db, clock):
    return pay_world()
