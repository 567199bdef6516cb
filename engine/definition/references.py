"""Names, types and circles across the tables of a definition."""
from __future__ import annotations
from .model import Definition
from .reader import Problems
def check_references(definition: Definition, problems: Problems) -> None:
    """Placeholder."""
