"""What may be done with incidents. Every function: policy check, locks, change, journal, all in one transaction; what
depends on the change is evaluated anew in the same transaction."""

from sla.services.exclusions import exclusion_claim, exclusion_decide, exclusion_withdraw, paper_add
from sla.services.figures import figure_record
from sla.services.findings import cause_link, finding_record, findings_decide, moments_record
from sla.services.incidents import PLATFORM, incident_register, incident_withdraw
from sla.services.spells import spell_correct, spell_record, spell_withdraw

__all__ = [
    "PLATFORM",
    "cause_link",
    "exclusion_claim",
    "exclusion_decide",
    "exclusion_withdraw",
    "figure_record",
    "finding_record",
    "findings_decide",
    "incident_register",
    "incident_withdraw",
    "moments_record",
    "paper_add",
    "spell_correct",
    "spell_record",
    "spell_withdraw",
]
