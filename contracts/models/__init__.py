"""Contracts, their definition versions, what they list, and the facts recorded about them."""

from contracts.models.calendar import CalendarYear
from contracts.models.contract import Clause, Contract, DefinitionVersion, InformationSystem, LineItem
from contracts.models.fact import Fact
from contracts.models.file import Evidence, StoredFile
from contracts.models.reading import ReadingChoice

__all__ = [
    "CalendarYear",
    "Clause",
    "Contract",
    "DefinitionVersion",
    "Evidence",
    "Fact",
    "InformationSystem",
    "LineItem",
    "ReadingChoice",
    "StoredFile",
]
