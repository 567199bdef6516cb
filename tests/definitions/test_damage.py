"""A damaged definition is refused with a located message, and the database stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from accounts.scoping import SYSTEM
from contracts.errors import Refused
from definitions.loading import load_path
from definitions.problems import DefinitionRefused
from definitions.services import LoadRefused, contract_load
from tests.definitions.small import SMALL, changed

FILE = "small.toml"


def table_counts() -> dict[str, int]:
    """Rows of every table."""
    counts = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            counts[table] = cursor.fetchone()[0]
    return counts


def text(old: str, new: str) -> Callable[[], bytes]:
    return lambda: changed(old, new).encode()


def more(addition: str) -> Callable[[], bytes]:
    return lambda: (SMALL + addition).encode()


def circle() -> str:
    """Payment 2 waits for secrecy, secrecy for payment 2."""
    dated = changed('due = "none"\nreason = "持续"', 'due = "due(duty.payment_2) + 1 days"')
    return changed("latest(end(term.service), event.accepted) + 30 days", "due(duty.secrecy) + 1 days", dated)


# name → the damaged file, the problem's code, the table named, a word of the remedy or text
DAMAGE: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "not UTF-8": (lambda: SMALL.encode("gbk"), "not_utf8", ""),
    "not TOML": (text('title = "小合同"', "title = 小合同"), "bad_syntax", ""),
    "string not closed": (text('number = "SMALL-1"', 'number = "SMALL-1'), "bad_syntax", ""),
    "date that does not exist": (text("start = 2025-07-01", "start = 2025-02-30"), "no_such_date", ""),
    "29 February of a common year in text": (
        text("event.effective + 90 workdays", "on 2026-02-29 + 90 workdays"),
        "bad_date",
        "duty.payment_1",
    ),
    "time without a zone": (text("at = 2025-06-25", "at = 2025-06-25T09:00:00"), "naive_time", "event.effective.at"),
    "float": (text('total = "1000.00"', "total = 1000.00"), "float", "contract.total"),
    "table twice in one file": (more("[duty.report]\n"), "written_twice", ""),
    "unknown table": (more('[penaltys.x]\ntitle = "x"\n'), "unknown_table", "penaltys"),
    "unknown field": (
        text('policy = "default"\ndue = "none"', 'polcy = "default"\ndue = "none"'),
        "unknown_field",
        "duty.secrecy",
    ),
    "unknown format": (text("format = 1", "format = 2"), "unknown_format", ""),
    "no contract": (lambda: SMALL[SMALL.index("[party.buyer]") :].encode(), "missing_table", "contract"),
    "unknown zone": (text("Asia/Shanghai", "Asia/Beijing"), "unknown_zone", "contract"),
    "unknown profile": (text('profile = "cn"', 'profile = "us"'), "unknown_profile", "contract"),
    "unknown calendar": (text('calendar = "CN"', 'calendar = "MARS"'), "unknown_calendar", "contract"),
    "unknown calendar in an expression": (
        text("+ 90 workdays", "+ 90 workdays(MARS)"),
        "unknown_calendar",
        "duty.payment_1",
    ),
    "unknown unit": (text("+ 90 workdays", "+ 90 fortnights"), "unknown_unit", "duty.payment_1"),
    "unfinished expression": (text("+ 90 workdays", "+"), "unfinished_expression", "duty.payment_1"),
    "unknown event": (
        text("latest(end(term.service), event.accepted)", "latest(end(term.service), event.acepted)"),
        "unknown_name",
        "duty.payment_2",
    ),
    "unknown term": (text("each(month of term.service)", "each(month of term.servce)"), "unknown_name", "duty.report"),
    "unknown attribute": (text("g.expires - 15", "g.expiry - 15"), "unknown_name", "duty.renewal"),
    "cycle": (lambda: circle().encode(), "cycle", "duty."),
    "standing duty without a reason": (text('reason = "持续"\n', ""), "missing_reason", "duty.secrecy"),
    "duty without a clause": (
        text('title = "付首款"\nclause = "7"\n', 'title = "付首款"\n'),
        "missing_clause",
        "duty.payment_1",
    ),
    "unit price times quantity": (text('quantity = "6"', 'quantity = "5"'), "line_product", "line.r01"),
    "half a row": (text('unit_price = "100"\n', ""), "line_half_blank", "line.r01"),
    "blank row without a bundle": (
        text('title = "加密附件"\nbundle = "crypto"', 'title = "加密附件"'),
        "line_blank",
        "line.r03",
    ),
    "row number twice": (text("number = 2\ntitle", "number = 1\ntitle"), "duplicate_name", "line.r02"),
    "rows do not add up": (
        text('quantity = "6"\namount = "600"', 'quantity = "7"\namount = "700"'),
        "lines_sum",
        "line",
    ),
    "instalments do not add up": (
        text('amount = "600.00"\nshare = "60%"', 'amount = "600.01"\nshare = "60%"'),
        "instalments_sum",
        "instalment",
    ),
    "shares do not add up": (text('share = "60%"', 'share = "50%"'), "shares_sum", "instalment"),
    "capitals differ": (text("壹仟元整", "壹仟壹佰元整"), "capitals_differ", "contract"),
    "capitals unreadable": (text("肆佰元整", "四百块"), "capitals_unreadable", "instalment.1"),
    "too many decimals": (text('amount = "50.00"', 'amount = "50.001"'), "minor_units", "security.performance"),
    "currency code": (text('currency = "CNY"', 'currency = "yuan"'), "unknown_currency", "contract"),
    "two currencies": (
        more('[rule.fine]\nclause = "7"\namount = "USD 5 + CNY 1"\n'),
        "two_currencies",
        "rule.fine",
    ),
    "instalment of a duty that is not there": (
        text('duty = "payment_2"', 'duty = "payment_9"'),
        "unknown_name",
        "instalment.2",
    ),
    "unknown party": (text('obligor = ["buyer"]', 'obligor = ["byer"]'), "unknown_name", "duty.payment_1"),
    "unknown policy": (
        text('policy = "default"\ndue = "event', 'policy = "defalt"\ndue = "event'),
        "unknown_name",
        "duty.payment_1",
    ),
    "unknown role": (text('recorder = "FIN"\n[item', 'recorder = "CFO"\n[item'), "unknown_role", "event.invoice"),
    "two buyers": (text('role = "vendor"', 'role = "buyer"'), "no_buyer_vendor", "party"),
    "term runs backwards": (text("end = 2026-06-30", "end = 2025-06-30"), "term_order", "term.service"),
    "reading without its default": (text('default = "no"', 'default = "maybe"'), "bad_default", "reading.strict"),
    "contract contradicts its own statement": (
        text('that = "sum(instalments) == contract.total"', 'that = "sum(instalments) == CNY 999"'),
        "check_failed",
        "check.1",
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_refused_where_it_is_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    damaged, code, table = DAMAGE[name]
    (tmp_path / FILE).write_bytes(damaged())
    before = table_counts()
    with pytest.raises(LoadRefused) as refusal:
        contract_load(tmp_path, actor=SYSTEM)
    assert table_counts() == before
    errors = [problem for problem in refusal.value.problems if problem.level == "error"]
    assert errors
    matching = [problem for problem in errors if (not code or problem.code == code) and problem.table.startswith(table)]
    assert matching, [(problem.code, problem.table, problem.text) for problem in errors]
    first = matching[0]
    assert first.file == FILE or name in ("no contract", "unknown format")
    assert first.text and first.remedy


def test_the_undamaged_definition_is_clean(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(SMALL, encoding="utf-8")
    assert load_path(tmp_path).health == ()


def test_a_table_in_two_files_names_both(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(SMALL, encoding="utf-8")
    (tmp_path / "b.toml").write_text('[duty.report]\nclause = "7"\n', encoding="utf-8")
    with pytest.raises(DefinitionRefused) as refusal:
        load_path(tmp_path)
    problem = refusal.value.problems[0]
    assert (problem.code, problem.file, problem.table) == ("duplicate_table", "b.toml", "duty.report")
    assert "a.toml" in problem.text


def test_every_file_is_reported_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("x = ", encoding="utf-8")
    (tmp_path / "b.toml").write_bytes(b"\xff")
    with pytest.raises(DefinitionRefused) as refusal:
        load_path(tmp_path)
    assert [problem.file for problem in refusal.value.problems] == ["a.toml", "b.toml"]


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("x = " + "[" * 5000 + "]" * 5000, encoding="utf-8")
    with pytest.raises(DefinitionRefused) as refusal:
        load_path(tmp_path)
    assert refusal.value.problems[0].code in {"too_deep", "bad_syntax"}


def test_an_empty_folder_and_a_missing_path_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(DefinitionRefused) as refusal:
            load_path(path)
        assert refusal.value.problems[0].code == "no_files"


WARNINGS = {
    "clause not in the table": (
        changed('title = "付首款"\nclause = "7"', 'title = "付首款"\nclause = "7.9"'),
        "unknown_clause",
    ),
    "nobody records": (
        changed('recorder = "IT"\nconfirmer = "MGR"\n[event.invoice]', "[event.invoice]"),
        "nobody_records",
    ),
    "empty chain": (changed('chain = ["MGR"]', "chain = []"), "empty_chain"),
    "calendar days that would roll": (
        changed('event.accepted) + 30 days"', 'event.accepted) + 30 days"\ndeadline_text = "验收后 30 个自然日内"'),
        "calendar_days_roll",
    ),
    "security too short": (changed("valid_until = 2026-07-30", "valid_until = 2026-06-01"), "security_short"),
    "rate and amount": (changed('rate = "5%"', 'rate = "6%"'), "rate_amount"),
    "share and amount": (
        changed(
            'amount = "400.00"\nshare = "40%"\ncapitals = "肆佰元整"',
            'amount = "399.00"\nshare = "40%"',
            changed('amount = "600.00"', 'amount = "601.00"'),
        ),
        "share_amount",
    ),
    "beyond the calendar": (changed("end = 2026-06-30", "end = 2027-06-30"), "coverage"),
    "noted contradiction": (
        changed(
            'that = "sum(instalments) == contract.total"\nlevel = "error"',
            'that = "sum(instalments) == CNY 999"\nlevel = "warning"',
        ),
        "check_noted",
    ),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_a_doubt_is_a_warning_and_does_not_refuse(name: str, tmp_path: Path) -> None:
    definition, code = WARNINGS[name]
    (tmp_path / FILE).write_text(definition, encoding="utf-8")
    health = load_path(tmp_path).health
    assert code in {problem.code for problem in health}, [(p.code, p.text) for p in health]
    assert all(problem.level == "warning" and problem.text for problem in health)


@pytest.mark.django_db
def test_a_vendor_name_of_a_known_buyer_is_refused(tmp_path: Path) -> None:
    from accounts.models import Party

    Party.objects.create(name="小卖方", kind="buyer")
    (tmp_path / FILE).write_text(SMALL, encoding="utf-8")
    before = table_counts()
    with pytest.raises(Refused):
        contract_load(tmp_path, actor=SYSTEM)
    assert table_counts() == before
