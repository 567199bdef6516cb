"""A lawyer who knows no formulas reads what a condition or an amount says, in the contract's own titles."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils import translation

from contracts.attribute_words import value_choices
from contracts.compared import compared_values
from contracts.wording import Wording, sentences
from definitions.loading import load_path
from definitions.problems import health_rows, to_json
from engine.derivation import step

DATA = Path(__file__).resolve().parents[2] / "definitions" / "data" / "SXYSR202506176"


@pytest.fixture(scope="module")
def wording() -> Wording:
    return Wording(load_path(DATA).definition)


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("contract.total * 100%", "contract sum × 100%"),
        ("i.provider_fault and not i.force_majeure", "The vendor's fault and not: Force majeure"),
        ("a.passed == false", "not: Passed"),
        ("outages[system == s, provider_fault == true]", "系统停机 (the same System, The vendor's fault)"),
        ("count(outages[system == s] over m) >= 3", "number of 系统停机 (the same System) within the period ≥ 3"),
        ("1 - |outages over m| / |m|", "1 − length of (系统停机 within the period) ÷ length of the period"),
        ("reading.d_06 == 'exclusive'", "“‘之前’是否含当日” is read as “不含当日，最迟 2025-12-30”"),
        ("reading.d_06 != 'exclusive'", "“‘之前’是否含当日” is not read as “不含当日，最迟 2025-12-30”"),
        ("latest(end(term.service), event.acceptance_signed) + 90 workdays",
         "the latest of (the end of “服务期”, “验收报告签署或出具”) + 90 working days"),
        ("if(happened(event.claim_made), 1, 2) * 3", "(1 if “就保证金提出索赔” has happened, otherwise 2) × 3"),
        ("(i.important or i.level_3) and i.core_data",
         "(Important system or Protection level 3) and Core data concerned"),
        ("i.important or i.level_3 and i.core_data",
         "Important system or (Protection level 3 and Core data concerned)"),
        ("on 2025-12-31 + 2 months", "2025-12-31 + 2 months"),
        ("min(b.days * 5%, 3)", "the least of (days late × 5%, 3)"),
    ],
)  # fmt: skip
def test_an_expression_in_words(wording: Wording, text: str, expected: str) -> None:
    assert wording.words(text) == expected


def test_what_the_contract_compares_with_is_what_forms_offer() -> None:
    values = compared_values(load_path(DATA).definition)
    assert values["category"][:2] == ("tamper", "data_loss")
    assert value_choices(values["category"])[:2] == [("", "Unknown"), ("tamper", "Tampering")]
    assert value_choices(values["category"])[-1] == ("other", "Other")


@pytest.mark.parametrize("text", ["", "第三方出具 报告", "CNY 1 +", "nonsense(1, 2)"])
def test_what_has_no_words_stays_as_it_is_written(wording: Wording, text: str) -> None:
    assert wording.words(text) == text


def test_every_rule_and_deadline_of_the_contract_has_words(wording: Wording) -> None:
    definition = load_path(DATA).definition
    texts = [str(part) for rule in definition.rules.values() for part in (rule.when, rule.amount) if part is not None]
    texts += [str(duty.due) for duty in definition.duties.values() if duty.due is not None]
    assert len(texts) > 100
    left = {found for text in texts for found in re.findall(r"\b(?:event|reading|term|duty)\.\w+", wording.words(text))}
    assert not left


def test_a_derivation_reads_in_words_only_with_its_definition(wording: Wording) -> None:
    because = (step("condition_false", condition="reading.d_06 == 'exclusive'"),)
    assert sentences(because) == ("The condition does not hold: reading.d_06 == 'exclusive'.",)
    told = sentences(because, load_path(DATA).definition)
    assert told == ("The condition does not hold: “‘之前’是否含当日” is read as “不含当日，最迟 2025-12-30”.",)


def test_a_derivation_names_rules_records_and_moments(wording: Wording) -> None:
    counted = step("min_of", of="outages[system == s] over m", number=1, members=["fact:77"], result=8)
    window = step("window_of", window="2026-06", start="2026-06-01T00:00:00+08:00", end="2026-07-01T00:00:00+08:00")
    held = step("condition_true", condition="steps(b.days, 7, down) > 1 (2 > 1)")
    by_key = step("condition_true", condition="reading.d_06 == 'exclusive' ('exclusive' == 'exclusive')")
    definition = load_path(DATA).definition
    assert sentences([counted, window, held, by_key], definition) == (
        "系统停机 (the same System) within the period: 1 found (entry 77), the least 8.",
        "Counted in 2026-06: from 2026-06-01 00:00 until 2026-07-01 00:00.",
        "The condition holds: full units of 7 in days late > 1 (2 > 1).",
        "The condition holds: “‘之前’是否含当日” is read as “不含当日，最迟 2025-12-30”.",
    )
    rule = next(one for one in definition.rules.values() if one.title)
    assert wording.label(f"{rule.id}/2026-06") == f"{rule.title} (2026-06)"
    assert wording.label("nothing/2026-06") == "nothing/2026-06"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(15 minutes, 30 minutes)", "above 15 minutes and below 30 minutes"),
        ("[30 minutes, 60 minutes]", "at least 30 minutes and at most 60 minutes"),
        ("[60 minutes, )", "at least 60 minutes"),
        ("(, 99.99%)", "below 99.99%"),
        ("(, )", "(, )"),
        ("30 minutes", "30 minutes"),
        ("no range", "no range"),
    ],
)
def test_a_range_of_a_table_is_said_by_its_ends(wording: Wording, text: str, expected: str) -> None:
    assert wording.stretch(text) == expected


def test_the_health_of_the_contract_holds_no_code_a_reader_would_not_know() -> None:
    loaded = load_path(DATA)
    rows = health_rows([to_json(problem) for problem in loaded.health], Wording(loaded.definition))
    assert len(rows) == len(loaded.health) > 10
    told = {row["text"] for row in rows}
    assert (
        "平均响应的档位 has no row for 30 minutes; at least 60 minutes, "
        "next to above 15 minutes and below 30 minutes; above 30 minutes and below 60 minutes."
    ) in told
    assert not [text for text in told if re.search(r"\b[a-z]+_[a-z]+\b|\b[ims]\.[a-z]|, \)", text)]
    plain = health_rows([to_json(problem) for problem in loaded.health])
    assert any("i.major_impact" in row["text"] for row in plain)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("CNY 1000", "¥1,000.00"),
        ("CNY 4845283.52", "¥4,845,283.52"),
        ("USD -12.5", "−$12.50"),
        ("CNY 20188.681333", "¥20,188.681333"),
        ("CNY 1/3", "CNY 1/3"),
        ("SLA 99", "SLA 99"),
    ],
)
def test_amounts_in_a_derivation_are_printed_as_on_the_page(given: str, expected: str) -> None:
    assert sentences([step("only_of", of="base", result=given)]) == (f"base: {expected}.",)
