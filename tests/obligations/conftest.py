from __future__ import annotations

import pytest

from tests.obligations.story import Story, build_story


@pytest.fixture
def story(db: None) -> Story:
    """The small contract, live, with its people."""
    return build_story()
