"""The steps of a penalty's life, each by the person whose work it is."""

from __future__ import annotations

from datetime import date
from typing import Any

from penalties import services
from penalties.models import PenaltyCase, Settlement
from tests.penalties.world import TODAY, only_case, paper
from tests.world import World


def raised(world: World) -> PenaltyCase:
    services.clues_raise(world.contract)
    return only_case(world)


def established(world: World) -> PenaltyCase:
    return services.facts_establish(actor=world.viewer("IT"), case=raised(world), note="已核对监控记录")


def proposed(world: World) -> PenaltyCase:
    return services.penalty_propose(actor=world.viewer("IT"), case=established(world), note="请审批")


def approved(world: World) -> PenaltyCase:
    return services.penalty_approve(actor=world.viewer("MGR"), case=proposed(world))


def notified(world: World, **given: Any) -> PenaltyCase:
    values = {"method": "mail", "sent_on": date(2025, 10, 17), "received_on": TODAY, "reference": "EMS 1", **given}
    return services.penalty_notify(actor=world.viewer("FIN"), case=approved(world), **values)


def objected(world: World) -> PenaltyCase:
    case = notified(world)
    return services.penalty_object(
        actor=world.viewer("VND"), case=case, text="停机由机房外部停电引起", uploads=[paper("power.pdf")]
    )


def decided(world: World, decision: Any = "upheld", **given: Any) -> PenaltyCase:
    return services.penalty_decide(
        actor=world.viewer("MGR2"), case=objected(world), decision=decision, text="理由不成立", **given
    )


def agreed(world: World) -> PenaltyCase:
    return services.penalty_accept(actor=world.viewer("VND"), case=notified(world))


def planned(world: World, **given: Any) -> Settlement:
    return services.settlement_propose(actor=world.viewer("FIN"), case=agreed(world), **given)


def settled(world: World, **given: Any) -> PenaltyCase:
    plan = planned(world, **given)
    services.settlement_decide(actor=world.viewer("MGR"), settlement=plan, approve=True)
    return only_case(world)
