from sla.models.exclusion import Exclusion, ExclusionPaper
from sla.models.incident import Finding, Incident, RootCause
from sla.models.spell import MonthCell, Spell

__all__ = ["Exclusion", "ExclusionPaper", "Finding", "Incident", "MonthCell", "RootCause", "Spell"]
