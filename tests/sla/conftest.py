import pytest
import time_machine

from tests.sla.world import NOW, SlaWorld


@pytest.fixture
def clock():
    """Every story plays on 20 June 2026, ten in the morning in Beijing."""
    with time_machine.travel(NOW, tick=True) as traveller:
        yield traveller


@pytest.fixture
def world(db, clock):
    return SlaWorld()
