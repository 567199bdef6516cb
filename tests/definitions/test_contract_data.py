"""The shipped contracts as data: complete, consistent, paraphrased, and free of personal data."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.calendars_cn import china_official
from engine.capitals import parse_capitals
from engine.definition import parse_definition
from engine.evaluation import evaluate
from engine.facts import FactStore
from engine.language import parse_bindings, parse_expression, parse_range

DATA = Path(__file__).parents[2] / "definitions" / "data"
CLOUD, DEMO = "SXYSR202506176", "DEMO-2026-001"
CONTRACTS = (CLOUD, DEMO)

# The obligation register of the cloud contract: first and last number of each run, then the third parties.
REGISTER_RUNS = (
    (1, 14), (20, 34), (40, 53), (60, 79), (90, 106), (110, 120), (130, 141), (150, 165), (170, 202), (210, 214),
    (220, 228), (240, 248), (250, 252), (260, 271), (280, 282), (290, 296), (300, 310), (313, 317),
)  # fmt: skip
REGISTER = {f"OB-{n:03d}" for first, last in REGISTER_RUNS for n in range(first, last + 1)}
THIRD_PARTIES = {f"TP-{n:02d}" for n in range(1, 16)}
# Reminders the register advises without an obligation behind them: internal targets, never breached.
ADVICE = {"D-40", "D-43"}

NAMED_DUTIES = {
    "payment_1": "OB-111", "payment_2": "OB-112", "payment_3": "OB-113", "guarantee_submit": "OB-130",
    "guarantee_renewal": "OB-135", "guarantee_refund": "OB-137", "exit_application": "OB-240",
    "acceptance_rework": "OB-093", "migration": "OB-244", "switchover": "OB-248", "expansion": "OB-069",
    "force_majeure_proof": "OB-251", "confidential_return": "OB-266",
}  # fmt: skip

# Coefficients of annexes 2 and 3, row by row.
COEFFICIENTS = {
    "annex_2": "200 200 600 600 600 200 200 200 100 200 100 200",
    "annex_3": "50 20 20 20 30 60 50 30 50 30 50 30 50",
}
# A table row of annexes 2 and 3 that is a band: its open interval.
BANDS = {
    "annex_2": {7: "(15 minutes, 30 minutes)", 8: "(30 minutes, 60 minutes)", 9: "(30 minutes, 60 minutes)",
                10: "(60 minutes, 120 minutes)", 11: "(1 hours, 2 hours)", 12: "(2 hours, 4 hours)"},
    "annex_3": {5: "[2 hours, )", 8: "(15 minutes, 30 minutes)", 9: "(30 minutes, 60 minutes)",
                10: "(30 minutes, 60 minutes)", 11: "(60 minutes, 120 minutes)", 12: "(1 hours, 2 hours)",
                13: "(2 hours, 4 hours)"},
}  # fmt: skip

EXPRESSIONS = ("due", "safe", "target", "gate", "after_gate", "done", "when", "amount", "because", "value")
HAN = r"[\u4e00-\u9fff]"


def merged(number: str) -> dict[str, Any]:
    """All files of one contract's folder merged by table; a table written twice fails."""
    data: dict[str, Any] = {}
    for path in sorted((DATA / number).glob("*.toml")):
        for key, value in tomllib.loads(path.read_text(encoding="utf-8")).items():
            if isinstance(value, list):
                data.setdefault(key, []).extend(value)
            elif isinstance(value, dict):
                table = data.setdefault(key, {})
                assert not table.keys() & value.keys(), f"{path.name}: {key} is written twice"
                table.update(value)
            else:
                data[key] = value
    return data


@pytest.fixture(scope="module")
def cloud() -> dict[str, Any]:
    return merged(CLOUD)


@pytest.fixture(scope="module", params=CONTRACTS)
def contract(request: pytest.FixtureRequest) -> dict[str, Any]:
    return merged(request.param)


def texts(value: Any) -> Iterator[str]:
    """Every string anywhere in the data, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def clauses_of(entry: dict[str, Any]) -> list[str]:
    return [part.strip() for part in entry["clause"].split("；")]


# -- the register ----------------------------------------------------------------------------------------------------


def test_every_row_of_the_register_is_one_duty(cloud: dict[str, Any]) -> None:
    refs = Counter(duty["ref"] for duty in cloud["duty"].values())
    assert set(refs) == REGISTER | THIRD_PARTIES | ADVICE
    assert max(refs.values()) == 1
    assert len(cloud["duty"]) == 231 + len(ADVICE)
    assert all(duty["kind"] == "internal" for duty in cloud["duty"].values() if duty["ref"] in ADVICE)


def test_the_duties_named_by_the_rules_carry_their_register_row(cloud: dict[str, Any]) -> None:
    assert {name: cloud["duty"][name]["ref"] for name in NAMED_DUTIES} == NAMED_DUTIES


def test_third_parties_are_dependencies_and_nobody_else(cloud: dict[str, Any]) -> None:
    external = {duty["ref"] for duty in cloud["duty"].values() if duty["kind"] == "external"}
    assert external == THIRD_PARTIES
    third = {name for name, party in cloud["party"].items() if party["role"] == "third"}
    for duty in cloud["duty"].values():
        if duty["kind"] == "external":
            assert set(duty["obligor"]) <= third


def test_rights_are_listed_beside_the_duties(cloud: dict[str, Any]) -> None:
    assert {right["ref"] for right in cloud["right"].values()} == {f"RT-{n:02d}" for n in range(1, 24)}


def test_dates_the_contract_does_not_write_are_never_contractual(cloud: dict[str, Any]) -> None:
    for name, duty in cloud["duty"].items():
        if "内控" in duty["deadline_text"] and duty["due"] != "none":
            assert duty["kind"] == "internal", name


# -- money -----------------------------------------------------------------------------------------------------------


def test_thirty_lines_add_up_to_the_price(cloud: dict[str, Any]) -> None:
    lines = cloud["line"].values()
    assert [line["number"] for line in lines] == list(range(1, 31))
    priced = [line for line in lines if "amount" in line]
    assert len(priced) == 27
    for line in priced:
        assert Decimal(line["unit_price"]) * Decimal(line["quantity"]) == Decimal(line["amount"])
    assert sum(Decimal(line["amount"]) for line in priced) == Decimal("4845283.52")
    assert cloud["contract"]["total"] == "4845283.52"


def test_blank_lines_stay_blank_inside_their_bundle(cloud: dict[str, Any]) -> None:
    bundle = {line["number"] for line in cloud["line"].values() if line.get("bundle") == "crypto"}
    assert bundle == {24, 25, 26, 27}
    for number in (25, 26, 27):
        assert not {"unit_price", "quantity", "amount"} & cloud["line"][f"r{number}"].keys()


def test_instalments_and_guarantee_agree_with_the_price(contract: dict[str, Any]) -> None:
    total = Decimal(contract["contract"]["total"])
    assert sum(Decimal(part["amount"]) for part in contract["instalment"].values()) == total
    for entry in (contract["contract"], *contract["instalment"].values(), *contract["security"].values()):
        if "capitals" in entry:
            assert parse_capitals(entry["capitals"]) == Decimal(entry.get("amount", entry.get("total")))
    for part in contract["instalment"].values():
        assert part["duty"] in contract["duty"]


def test_guarantee_is_the_amount_the_contract_prints(cloud: dict[str, Any]) -> None:
    assert cloud["security"]["performance"]["amount"] == "242264.18"
    assert str(cloud["security"]["performance"]["valid_until"]) == "2026-07-30"


def test_penalty_rows_carry_their_coefficients_and_bands(cloud: dict[str, Any]) -> None:
    for table, expected in COEFFICIENTS.items():
        rows = cloud["penalty_table"][table]["rows"]
        assert [row["coefficient"] for row in rows] == [f"{number}%" for number in expected.split()]
        assert {int(row["row"]): row["band"] for row in rows if "band" in row} == BANDS[table]
    levels = {row["row"]: (row["level"], row["times"]) for row in cloud["penalty_table"]["annex_1"]["rows"]}
    assert levels == {f"{level}{n}": (level, times) for level, times in (("A", 1), ("B", 2)) for n in range(1, 5)}


def test_every_penalty_row_has_its_rule(cloud: dict[str, Any]) -> None:
    for table in cloud["penalty_table"].values():
        for row in table["rows"]:
            rule = cloud["rule"][row["rule"]]
            assert rule["clause"] == row["clause"]
            assert row["coefficient"] in rule["amount"]


# -- references ------------------------------------------------------------------------------------------------------


def test_every_clause_quoted_is_in_the_clause_table(contract: dict[str, Any]) -> None:
    for kind, entries in contract.items():
        if not isinstance(entries, dict) or kind in ("contract", "profile", "clause"):
            continue
        for name, entry in entries.items():
            if "clause" in entry:
                missing = [clause for clause in clauses_of(entry) if clause not in contract["clause"]]
                assert not missing, f"{kind}.{name}: {missing}"
    for duty in contract["duty"].values():
        assert duty["clause"]


def test_duties_name_known_parties_policies_and_short_titles(contract: dict[str, Any]) -> None:
    for name, duty in contract["duty"].items():
        assert duty["obligor"], name
        assert set(duty["obligor"]) | set(duty["obligee"]) <= contract["party"].keys(), name
        assert duty["policy"] in contract["policy"], name
        assert len(duty["title"]) <= 40, name
        assert duty["kind"] in ("contractual", "internal", "external"), name
        assert duty["tracking"] in ("once", "recurring", "event", "standing"), name
        assert ("reason" in duty) == (duty["due"] == "none"), name


def test_the_definition_is_accepted(contract: dict[str, Any]) -> None:
    definition = parse_definition(contract)
    assert definition.contract.number == contract["contract"]["number"]
    assert set(definition.duties) == set(contract["duty"])
    assert parse_definition(definition.to_data()) == definition


@pytest.mark.parametrize("as_of", [date(2025, 6, 24), date(2026, 3, 1), date(2027, 6, 1)])
def test_every_duty_can_be_evaluated_without_any_fact(contract: dict[str, Any], as_of: date) -> None:
    evaluation = evaluate(parse_definition(contract), FactStore(()), calendars={"CN": china_official()}, as_of=as_of)
    seen = {result.id: result for result in evaluation.deadlines}
    for name, duty in contract["duty"].items():
        if duty["due"] == "none":
            assert (seen[name].state, seen[name].status) == ("never", "not_applicable"), name
        elif "for" not in duty:
            assert seen[name].state in ("known", "provisional", "pending"), name
    assert not [result for result in seen.values() if result.status == "late" and result.kind != "contractual"]


def test_every_expression_parses(contract: dict[str, Any]) -> None:
    for kind in ("duty", "rule", "measure"):
        for name, entry in contract.get(kind, {}).items():
            for key in EXPRESSIONS:
                if key in entry:
                    assert parse_expression(entry[key]), f"{kind}.{name}.{key}"
            if "for" in entry:
                assert parse_bindings(entry["for"]), f"{kind}.{name}.for"
    for table in contract.get("penalty_table", {}).values():
        for row in table["rows"]:
            if "band" in row:
                parse_range(row["band"])


def test_every_reading_can_be_chosen_and_has_a_default_or_waits_for_a_person(contract: dict[str, Any]) -> None:
    for name, reading in contract["reading"].items():
        keys = [option["key"] for option in reading["options"]]
        assert len(keys) == len(set(keys)) >= 2, name
        assert reading["must_choose"] if "default" not in reading else reading["default"] in keys, name
        assert reading["why"] and reading["ref"] and all(option["text"] for option in reading["options"]), name


def test_the_fee_basis_must_be_chosen_by_a_person(cloud: dict[str, Any]) -> None:
    fee_base = cloud["reading"]["fee_base"]
    assert fee_base["must_choose"] is True
    assert "default" not in fee_base


# -- wording ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", CONTRACTS)
def test_chinese_text_has_full_width_punctuation(number: str) -> None:
    for path in (DATA / number).glob("*.toml"):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert not re.search(HAN + r"[,;:?!()]", line), f"{path.name}: {line}"


def test_no_mobile_number_and_no_mail_address(contract: dict[str, Any]) -> None:
    for text in texts(contract):
        assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", text), text
        assert "@" not in text, text


def test_the_demo_says_that_it_is_one_and_can_be_moved_by_whole_months() -> None:
    demo = merged(DEMO)
    assert demo["contract"]["demo"] is True
    assert "演示" in demo["contract"]["title"]
    assert all("演示" in party["name"] for party in demo["party"].values())
    assert demo["term"]["service"]["start"].day == 1
    absolute = re.compile(r"\d{4}-\d{2}-\d{2}")
    assert not [text for text in texts({k: v for k, v in demo.items() if k != "term"}) if absolute.search(text)]
