"""The shared page components: what they say, where they draw, and that they say it in words as well."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django import forms
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from web.components import Cell, Column, DayStrip, Row, StripDay, Table, TimelineBand, TimelineLane, YearTimeline
from web.components import TimelineMark as Mark
from web.drawing import draw_strip, draw_timeline
from web.templatetags import ui


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def render(source, **context):
    return Template("{% load ui i18n %}" + source).render(Context(context))


# --- money, days, chips ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("1234", "CNY", "¥1,234.00"),
        ("4845283.52", "CNY", "¥4,845,283.52"),
        ("-8100", "CNY", "−¥8,100.00"),
        ("0.005", "CNY", "¥0.005"),
        ("0", "USD", "$0.00"),
        ("5.5", "CHF", "CHF\N{NO-BREAK SPACE}5.50"),
    ],
)
def test_money_shows_every_digit_and_never_rounds(amount, currency, text):
    assert ui.money_text(Decimal(amount), currency) == text


def test_money_refuses_a_float_and_draws_nothing_for_none():
    assert ui.money_text(None) == "—"
    with pytest.raises(TypeError, match="Decimal"):
        ui.money_text(0.1)


@pytest.mark.parametrize(
    ("days", "late", "text"),
    [
        (0, False, "today"),
        (1, False, "tomorrow"),
        (-1, False, "yesterday"),
        (2, False, "in 2 days"),
        (-2, False, "2 days ago"),
        (-1, True, "1 day overdue"),
        (-5, True, "5 days overdue"),
        (0, True, "today"),
    ],
)
def test_distances_in_words(days, late, text):
    assert ui.relative_text(days, late=late) == text


@pytest.mark.parametrize(
    ("distance", "status", "tone"),
    [(-1, "late", "bad b"), (-1, "met", "t3"), (0, "open", "warn"), (7, "open", "warn"), (8, "open", "t3")],
)
def test_only_overdue_is_red_and_amber_ends_after_seven_days(distance, status, tone):
    shell = SimpleNamespace(as_of=date(2026, 3, 10))
    html = render("{% day when status %}", shell=shell, when=shell.as_of + timedelta(distance), status=status)
    assert f'<span class="{tone}">' in html


def test_a_day_counts_from_the_pages_date_and_an_instant_is_shown_in_the_zone():
    shell = SimpleNamespace(as_of=date(2026, 3, 11))
    late_evening = datetime(2026, 3, 10, 16, 30, tzinfo=UTC)
    html = render("{% day when short=True %}", shell=shell, when=late_evening)
    assert ">03-11 00:30</time>" in html and ">today<" in html
    assert ">2025-12-31</time>" in render("{% day when short=True %}", shell=shell, when=date(2025, 12, 31))
    assert "—" in render("{% day nothing %}", nothing=None)


def test_a_status_is_icon_word_and_colour_and_red_is_kept_for_late():
    for status, (tone, _icon, word) in ui.STATUSES.items():
        html = ui.status_chip(status)
        assert str(word) in html and "<svg" in html
        assert (tone == "bad") is (status == "late")
    with pytest.raises(KeyError):
        ui.status_chip("excellent")


def test_clauses_are_cited_and_annexes_keep_their_name():
    assert ">Clause 7.2(1)</a>" in ui.clause_chip("7.2(1)", "/c/1")
    assert ui.clause_chip("附件2") == '<span class="cl">附件2</span>'
    assert ui.clause_chip("") == ""


def test_texts_are_escaped():
    html = render("{% chip label %}{% clause_chip label %}", label="<b>&")
    assert "<b>" not in html and "&lt;b&gt;&amp;" in html


@pytest.mark.parametrize(("done", "total", "width"), [(0, 0, 0), (0, 3, 0), (1, 3, 33), (3, 3, 100), (4, 3, 100)])
def test_progress_stays_within_its_bar(done, total, width):
    assert f'width="{width}%"' in ui.progress(done, total)


# --- the year timeline -----------------------------------------------------------------------------------------------


def timeline(*lanes, today=date(2026, 1, 1)):
    return YearTimeline("Year", date(2025, 7, 1), today, lanes)


def test_days_are_placed_in_proportion_and_what_lies_outside_is_left_out():
    lane = TimelineLane(
        "pay",
        marks=(
            Mark(date(2025, 6, 30), "done", "before"),
            Mark(date(2025, 7, 1), "done", "first"),
            Mark(date(2026, 6, 30), "next", "last"),
            Mark(date(2026, 7, 1), "next", "after"),
        ),
    )
    drawn = draw_timeline(timeline(lane))
    assert [mark.title for mark in drawn.listed] == ["first", "last"]
    places = sorted(float(mark.x[:-1]) for mark in drawn.lanes[0].marks)
    assert places == pytest.approx([0.5 / 365 * 100, 364.5 / 365 * 100], abs=0.001)
    assert len(drawn.months) == 12


def test_bands_are_clipped_to_the_range():
    lane = TimelineLane(
        "g",
        bands=(
            TimelineBand(date(2025, 1, 1), date(2026, 12, 31), "neutral", "guarantee", "guarantee"),
            TimelineBand(date(2024, 1, 1), date(2024, 12, 31), "ok", "old"),
        ),
    )
    (band,) = draw_timeline(timeline(lane)).lanes[0].bands
    assert (band.x, band.width) == ("0.250%", "99.500%")


def test_a_label_that_would_touch_its_neighbour_is_left_out_but_stays_in_the_table():
    lane = TimelineLane(
        "pay",
        marks=(
            Mark(date(2025, 9, 1), "done", "Payment 1", "Payment 1"),
            Mark(date(2025, 9, 8), "late", "Payment 2", "Payment 2"),
        ),
    )
    drawn = draw_timeline(timeline(lane))
    assert {mark.title: mark.label for mark in drawn.lanes[0].marks} == {"Payment 1": "", "Payment 2": "Payment 2"}
    assert [row.title for row in drawn.listed] == ["Payment 1", "Payment 2"]
    assert drawn.lanes[0].marks[-1].kind == "late"


@pytest.mark.parametrize(
    ("today", "shown"), [(date(2025, 6, 30), False), (date(2025, 7, 1), True), (date(2026, 7, 1), False)]
)
def test_the_today_line_is_drawn_only_inside_the_range(today, shown):
    html = render("{% year_timeline model %}", model=timeline(TimelineLane("a"), today=today))
    assert ('class="now"' in html) is shown


def test_numbers_in_a_drawing_are_never_localised(settings):
    settings.USE_THOUSAND_SEPARATOR = True
    with translation.override("de"):
        html = render(
            "{% year_timeline model %}", model=timeline(TimelineLane("a", (Mark(date(2025, 9, 1), "done", "x"),)))
        )
    assert 'x="17.123%"' in html


# --- the day strip ---------------------------------------------------------------------------------------------------


def strip(first, count):
    days = [StripDay(first, anchor=True)]
    days += [StripDay(first + timedelta(index), ordinal=index, due=index == count) for index in range(1, count + 1)]
    return DayStrip("Payment 1", tuple(days))


def test_weeks_begin_on_monday_and_hold_only_the_strips_days():
    (month,) = draw_strip(strip(date(2025, 6, 25), 5))
    assert [[cell.number for cell in week] for week in month.weeks] == [
        [23, 24, 25, 26, 27, 28, 29],
        [30, 0, 0, 0, 0, 0, 0],
    ]
    assert month.weeks[0][1].day is None and month.weeks[0][2].day.anchor
    assert (month.counted, month.from_ordinal, month.to_ordinal, month.skipped) == (5, 1, 5, 0)


@pytest.mark.parametrize(("days", "open_months"), [(150, 6), (185, 2)])
def test_a_strip_longer_than_six_months_opens_only_the_telling_ones(days, open_months):
    months = draw_strip(strip(date(2025, 1, 15), days))
    assert sum(month.open for month in months) == open_months
    assert months[0].open and months[-1].open


def test_every_cell_says_what_it_is_without_colour():
    model = DayStrip(
        "Payment 1",
        (
            StripDay(date(2025, 9, 26), anchor=True),
            StripDay(date(2025, 9, 27), "weekend"),
            StripDay(date(2025, 9, 28), "makeup", ordinal=1),
            StripDay(date(2025, 10, 1), "holiday", name="National Day"),
            StripDay(date(2025, 10, 9), "uncovered", ordinal=2, due=True),
        ),
        sentences=("Counted from the next day",),
        provisional=True,
    )
    html = render("{% day_strip model %}", model=model)
    for words in ("start", "weekend", "make-up workday", "National Day", "estimate", "due day, counted as"):
        assert words in html
    assert "Counted from the next day" in html and "Provisional" in html


def test_an_empty_strip_draws_no_month():
    assert draw_strip(DayStrip("x", ())) == ()


# --- tables and forms ------------------------------------------------------------------------------------------------


def test_a_row_of_the_wrong_width_is_refused():
    with pytest.raises(ValueError, match="needs 2 cells"):
        Table("t", (Column("a"), Column("b")), (Row((Cell("1"),)),))


def test_a_stacked_table_keeps_its_roles_and_an_empty_one_says_so():
    table = Table("Invoices", (Column("No", "main"), Column("", "action")), (Row((Cell("A1"), Cell("Open", "/i/1"))),))
    html = render('{% include "components/table_list.html" %}', table=table)
    assert html.count('role="cell"') == 2 and 'role="table"' in html and 'data-label="No"' in html
    empty = render('{% include "components/table_list.html" %}', table=Table("I", (), (), "No invoice yet"))
    assert "No invoice yet" in empty and "<table" not in empty


class Incident(forms.Form):
    title = forms.CharField(label="Title", help_text="One sentence")
    note = forms.CharField(label="Note", required=False)
    systems = forms.MultipleChoiceField(choices=[("a", "A")], widget=forms.CheckboxSelectMultiple)


def test_a_field_ties_label_help_and_error_to_its_control():
    form = Incident({"title": ""})
    html = render('{% include "components/form_fields.html" %}', form=form)
    assert 'aria-describedby="id_title_help id_title_error"' in html
    assert 'aria-invalid="true"' in html and 'id="id_title_error"' in html
    assert '<a href="#id_title">Title</a>' in html and 'role="alert"' in html
    assert "(optional)" in html
    assert "<fieldset" in html and "form-control" in html


def test_a_valid_form_has_no_error_summary():
    html = render('{% include "components/form_fields.html" %}', form=Incident())
    assert "errsum" not in html and "aria-invalid" not in html


def test_other_filters_survive_a_get_form():
    request = RequestFactory().get("/x/", {"party": "us", "q": "<x>", "after": "9"})
    html = ui.hidden_query(request, "after")
    assert html.count("<input") == 2 and 'value="&lt;x&gt;"' in html and "after" not in html


def test_error_pages_need_neither_request_nor_shell():
    from django.template.loader import render_to_string

    for name in ("400.html", "403.html", "403_csrf.html", "404.html", "500.html"):
        html = render_to_string(name)
        assert '<html lang="en"' in html and "<h1>" in html


def test_the_document_names_its_language_with_the_region():
    with translation.override("zh-hans"):
        assert ui.html_lang() == "zh-CN"
    assert ui.html_lang() == "en"
