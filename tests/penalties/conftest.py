import pytest
import time_machine

from tests.penalties.world import NOW, penalty_world, plain_answer, says


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=True) as traveller:
        yield traveller


@pytest.fixture
def world(db, clock, monkeypatch):
    """The contract, with one incident for which the engine answers one clear penalty."""
    made = penalty_world()
    says(monkeypatch, plain_answer())
    return made
