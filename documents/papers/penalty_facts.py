"""What the three papers of a penalty say in common: what happened, the rule, how the amount comes about, readings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import translation

from contracts.selectors import definition_for
from documents.kinds import clause_text, contract_facts, day, money, priced
from engine.definition import Definition
from penalties.models import Assessment, PenaltyCase
from penalties.outcomes import Outcome, Row
from penalties.selectors.sheet import sentences
from penalties.snapshots import facts_load

# What a court may do with a penalty far above the loss; printed under Chinese law only.
REDUCTION = (
    "约定的违约金过分高于造成的损失的，人民法院或者仲裁机构可以根据当事人的请求予以适当减少"
    "（《中华人民共和国民法典》第五百八十五条第二款）。"
)


def load(key: str) -> PenaltyCase | None:
    """The case of a key, with its parties."""
    rows = PenaltyCase.objects.select_related("contract__buyer", "contract__vendor", "liability")
    found: PenaltyCase | None = rows.filter(pk=int(key)).first()
    return found


def last_assessment(case: PenaltyCase) -> Assessment | None:
    """The version of the figures that fixed the amount."""
    rows = case.assessments.select_related("definition", "facts").exclude(amount=None)
    found: Assessment | None = rows.order_by("-number").first()
    return found


def _facts(case: PenaltyCase, assessment: Assessment, definition: Definition) -> list[dict[str, str]]:
    """The things the penalty rests on: what each is and when it happened, from the facts kept with the assessment."""
    zone = ZoneInfo(case.contract.zone)
    store = facts_load(assessment.facts.records)
    moments = {f"{record.name}:{record.id}": record.at for record in store.records if record.kind == "item"}
    found = []
    for label in case.because:
        name, _colon, number = str(label).partition(":")
        kind = definition.items.get(name)
        if kind is None:
            continue  # a cause is named by what it caused
        at = moments.get(label)
        moment = at.astimezone(zone).strftime("%Y-%m-%d %H:%M") if isinstance(at, datetime) else day(at)
        found.append({"what": kind.title, "number": number, "at": moment})
    return found


def _row(row: Row) -> dict[str, Any]:
    return {
        "title": row.title,
        "clause": row.clause,
        "stage": row.stage,
        "low": str(row.low) if row.low is not None else "",
        "high": str(row.high) if row.high is not None else "",
    }


def _readings(outcome: Outcome, assessment: Assessment, definition: Definition) -> list[dict[str, str]]:
    """The readings the amount rests on, with the option that was chosen."""
    needed = {name.removeprefix("reading.") for name in outcome.needs}
    needed |= {name for each in outcome.by_reading for name in each.readings}
    found = []
    for name in sorted(needed & set(definition.readings)):
        reading = definition.readings[name]
        key = assessment.readings.get(name, reading.default)
        text = next((option.text for option in reading.options if option.key == key), "")
        found.append({"title": reading.title, "clause": reading.clause, "text": text})
    return found


def content(case: PenaltyCase, code: str) -> dict[str, Any]:
    """The common content of a penalty's papers. The case must have an amount."""
    assert case.amount is not None
    found: dict[str, Any] = {
        "kind": code,
        "contract": contract_facts(case.contract),
        "case": priced(
            case.amount,
            number=case.number,
            title=case.title,
            clause=case.clause,
            happened_on=day(case.happened_on),
            state=case.state,
        ),
        "things": [],
        "rows": [],
        "sentences": [],
        "readings": [],
        "reducible": False,
        "figures": None,
    }
    assessment = last_assessment(case)
    if assessment is None:
        return found
    definition = definition_for(assessment.definition)
    outcome = Outcome.from_json(assessment.outcome)
    picked = {assessment.picked} if assessment.picked else set(outcome.winners)
    winners = [row for row in outcome.rows if row.label in picked]
    with translation.override("zh-hans"):
        steps = [text for row in winners for text in sentences(row, definition)]
        if outcome.target.startswith("pool:"):  # a rule's own outcome says what its row said
            steps += sentences(outcome, definition)
    return found | {
        "things": _facts(case, assessment, definition),
        "rows": [_row(row) for row in (*winners, *(row for row in outcome.rows if row.stage == "displaced"))],
        "sentences": steps,
        "readings": _readings(outcome, assessment, definition),
        "reducible": definition.contract.profile == "cn",
        "figures": {"number": assessment.number, "as_of": day(assessment.as_of), "rules": assessment.definition.number},
    }


def layout(given: Mapping[str, Any]) -> dict[str, Any]:
    """The common words of a penalty's papers."""
    contract, case = given["contract"], given["case"]
    currency = contract["currency"]

    def bounds(row: Mapping[str, str]) -> str:
        if not row["low"]:
            return "—"
        low = money(row["low"], currency)
        return low if row["low"] == row["high"] or not row["high"] else f"{low} 至 {money(row['high'], currency)}"

    return {
        "contract": contract,
        "case": {**case, "amount": money(case["amount"], currency), "clause": clause_text(case["clause"])},
        "things": given["things"],
        "rows": [
            {
                **row,
                "clause": clause_text(row["clause"]),
                "figure": bounds(row),
                "effect": "因另一行较重，不并用" if row["stage"] == "displaced" else "适用",
            }
            for row in given["rows"]
        ],
        "sentences": given["sentences"],
        "readings": [{**row, "clause": clause_text(row["clause"])} for row in given["readings"]],
        "reduction": REDUCTION if given["reducible"] else "",
        "figures": given["figures"],
    }
