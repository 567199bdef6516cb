"""One module per kind of document."""

from documents.kinds import Kind
from documents.papers import (
    deduction_sheet,
    delay_notice,
    guarantee_claim,
    guarantee_return,
    payment_advice,
    payment_approval,
    payment_ledger,
    penalty_confirmation,
    penalty_notice,
    penalty_settlement,
)

KINDS: dict[str, Kind] = {
    module.KIND.code: module.KIND
    for module in (
        payment_approval,
        payment_advice,
        payment_ledger,
        deduction_sheet,
        delay_notice,
        guarantee_claim,
        guarantee_return,
        penalty_notice,
        penalty_confirmation,
        penalty_settlement,
    )
}
