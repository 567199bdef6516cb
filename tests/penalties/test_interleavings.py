"""Approve against cancel against waive against objection (security.md F4): many random orders, one legal end each."""

import random
from itertools import pairwise

import pytest

from accounts.models import JournalEntry
from accounts.policy import NotVisible
from contracts.errors import Refused
from penalties import rules, services
from penalties.models import PenaltyCase
from tests.penalties import steps
from tests.penalties.world import HEAVY, TODAY, only_case

pytestmark = pytest.mark.django_db

ACTS = {
    "approve": lambda w, c: services.penalty_approve(actor=w.viewer("MGR"), case=c),
    "cancel": lambda w, c: services.penalty_cancel(actor=w.viewer("IT"), case=c),
    "reject": lambda w, c: services.penalty_reject(actor=w.viewer("MGR2"), case=c, note="理由不足"),
    "waive": lambda w, c: services.penalty_waive(actor=w.viewer("MGR2"), case=c, reason="影响轻微"),
    "notify": lambda w, c: services.penalty_notify(
        actor=w.viewer("FIN"), case=c, method="hand", sent_on=TODAY, received_on=TODAY, reference="签收单"
    ),
    "object": lambda w, c: services.penalty_object(actor=w.viewer("VND"), case=c, text="不同意"),
    "retract": lambda w, c: services.objection_retract(actor=w.viewer("VND"), case=c),
    "accept": lambda w, c: services.penalty_accept(actor=w.viewer("VND"), case=c),
    "uphold": lambda w, c: services.penalty_decide(
        actor=w.viewer("MGR2"), case=c, decision="upheld", text="维持原决定"
    ),
    "withdraw": lambda w, c: services.penalty_decide(
        actor=w.viewer("MGR2"), case=c, decision="withdrawn", text="事实不成立"
    ),
}


def test_two_hundred_random_orders_end_legally(world):
    start = steps.proposed(world)
    stale = PenaltyCase.objects.get(pk=start.pk)  # everybody acts on the page as it was drawn at the beginning
    chance = random.Random(2025)  # nosec B311 - an order of tests, no secret
    fields = [field.attname for field in PenaltyCase._meta.local_concrete_fields]
    begin = PenaltyCase.objects.filter(pk=start.pk).values(*fields).get()
    viewers = {who: world.viewer(who) for who in ("IT", "FIN", "MGR", "MGR2", "VND")}

    class Quick:
        viewer = staticmethod(lambda who: viewers[who])

    names = {act: "agree" if act == "accept" else act for act in ACTS}
    ends = set()
    for _round in range(200):
        PenaltyCase.objects.filter(pk=start.pk).update(**begin)
        first_entry = only_case(world).entries.count()
        journal = JournalEntry.objects.filter(action__startswith="penalty.").count()
        walked = ["proposed"]
        for _press in range(chance.randint(2, 8)):
            legal = [act for act, name in names.items() if name in rules.acts_in(walked[-1]) and act != "waive"]
            act = chance.choice(legal) if legal and chance.random() < 0.5 else chance.choice(sorted(ACTS))
            try:
                ACTS[act](Quick, stale)
            except (Refused, NotVisible):
                continue
            walked.append(only_case(world).state)
        case = only_case(world)
        for before, state in pairwise(walked):
            assert any(before in move.before and move.after == state for move in rules.MOVES.values()), walked
        assert case.state == walked[-1]
        assert case.amount in (HEAVY, 0, None)
        assert case.entries.count() - first_entry == len(walked) - 1
        assert JournalEntry.objects.filter(action__startswith="penalty.").count() - journal == len(walked) - 1
        ends.add(case.state)
    assert {"waived", "agreed", "withdrawn", "established"} <= ends
