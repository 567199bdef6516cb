"""The docket of penalties: cases, what was computed for them, what was said, and how they were settled."""

from penalties.models.assessment import Assessment, FactSnapshot
from penalties.models.case import PenaltyCase
from penalties.models.entry import CaseEntry
from penalties.models.settlement import CaseAdjustment, Settlement

__all__ = ["Assessment", "CaseAdjustment", "CaseEntry", "FactSnapshot", "PenaltyCase", "Settlement"]
