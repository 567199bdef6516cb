"""Tags that draw the house style: icons, chips, money, days, progress and the components of
``web.components``.

Every value is a parameter. The only thing read from the page's context is ``shell.as_of`` (the day the page
is shown at), which relative texts count from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django import forms, template
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from contracts.money_words import money_text
from engine.messages import cite
from obligations.words import STATUSES as WORDS
from web.components import DayStrip, Kpi, WaterfallLine, YearTimeline
from web.drawing import draw_strip, draw_timeline, strip_kinds

register = template.Library()

ICONS = Path(__file__).resolve().parents[2] / "static" / "icons"


# status: (tone, icon, word). Red belongs to "late" alone.
MARKS: dict[str, tuple[str, str]] = {
    "waiting": ("", "clock-pause"),
    "open": ("", "progress"),
    "due_soon": ("warn", "clock"),
    "due_today": ("warn", "calendar-due"),
    "met": ("ok", "circle-check"),
    "late": ("bad", "alert-triangle"),
    "not_applicable": ("mute", "circle-minus"),
    "pending": ("mute", "hourglass"),
    "provisional": ("info", "calendar-stats"),
    "target_missed": ("warn", "clock"),
    "in_review": ("info", "eye"),
    "met_late": ("warn", "circle-check"),
    "waived": ("mute", "circle-minus"),
    "closed": ("mute", "archive"),
    "standing": ("", "refresh"),
}
STATUSES = {code: (tone, icon, WORDS[code]) for code, (tone, icon) in MARKS.items()}
CHIP_CLASSES = {"ok": "chip g", "warn": "chip a", "bad": "chip d", "info": "chip p"}
TEXT_CLASSES = {"ok": "ok", "warn": "warn", "bad": "bad", "info": "info", "mute": "t3"}


@cache
def _icon_body(name: str) -> str:
    """The paths of an icon file. Raises FileNotFoundError for a name that is not vendored."""
    text = (ICONS / f"{name}.svg").read_text(encoding="utf-8")
    text = re.sub(r'<path stroke="none"[^>]*/>', "", text)
    found = re.search(r"<svg[^>]*>(.*)</svg>", text, re.DOTALL)
    if found is None:
        raise ValueError(f"{name}.svg holds no drawing")
    return re.sub(r"\s*\n\s*", "", found.group(1))


@register.simple_tag
def icon(name: str, css: str = "i") -> SafeString:
    """An inline, decorative SVG from ``static/icons``; the words beside it carry the meaning."""
    return _icon(name, css)


@cache
def _icon(name: str, css: str) -> SafeString:
    # Name and class come from templates alone, so that few are kept.
    # The drawing is a vendored file, never a reader's text; tests/web/test_static.py checks each.
    return format_html(
        '<svg class="{}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" '
        'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">{}</svg>',
        css,
        mark_safe(_icon_body(name)),  # nosec B703
    )


@register.simple_tag
def html_lang() -> str:
    """The document language. Without a region browsers pick Japanese glyphs for Chinese text."""
    language = get_language() or "zh-hans"
    return "zh-CN" if language.startswith("zh") else language


@register.filter
def tone_class(tone: str) -> str:
    """Text class of a tone ("" = ordinary ink)."""
    return TEXT_CLASSES.get(tone, "")


@register.filter
def chip_class(tone: str) -> str:
    """Chip class of a tone."""
    return CHIP_CLASSES.get(tone, "chip")


@register.simple_tag
def chip(label: str, tone: str = "", icon_name: str = "") -> SafeString:
    """A small label: a word, its colour, optionally an icon."""
    return format_html('<span class="{}">{}{}</span>', chip_class(tone), icon(icon_name) if icon_name else "", label)


@register.simple_tag
def status_chip(status: str, filled: bool = False, label: str = "") -> SafeString:
    """A status as icon, word and colour. ``filled`` draws it on a coloured ground (page heads); ``label``
    replaces the word where a document uses its own. An unknown status raises KeyError: it would be a wrong
    page."""
    return _draw_status(status, filled, label) if label else _status_chip(status, filled, get_language())


@cache
def _status_chip(status: str, filled: bool, language: str | None) -> SafeString:
    # Lists draw the same few chips over and over; ``language`` is the active one, so that each keeps its own.
    return _draw_status(status, filled, STATUSES[status][2])


def _draw_status(status: str, filled: bool, word: Any) -> SafeString:
    tone, icon_name, _word = STATUSES[status]
    css = chip_class(tone) if filled else f"st {TEXT_CLASSES.get(tone, '')}".rstrip()
    return format_html('<span class="{}">{}{}</span>', css, icon(icon_name), word)


def clause_text(number: str) -> str:
    """A clause as it is cited: 「第7.2(1)条」; names that are no numbers (an annex) stay as they are."""
    cited = cite(number, _).replace("；", _("; "))
    return cited[:1].upper() + cited[1:]


@register.simple_tag
def clause_chip(number: str, url: str = "", title: str = "") -> SafeString:
    """A clause citation, a link when ``url`` is given."""
    if not number:
        return SafeString("")
    hint = format_html(' title="{}"', title) if title else ""
    if url:
        return format_html('<a class="cl" href="{}"{}>{}</a>', url, hint, clause_text(number))
    return format_html('<span class="cl"{}>{}</span>', hint, clause_text(number))


@register.simple_tag
def money(amount: Decimal | None, currency: str = "CNY") -> SafeString:
    """An amount in tabular figures that never breaks over two lines."""
    return format_html('<span class="num nowrap">{}</span>', money_text(amount, currency))


@register.simple_tag
def money_plain(amount: Decimal | None, currency: str = "CNY") -> str:
    """An amount without markup, for drawings."""
    return money_text(amount, currency)


def relative_text(days: int, *, late: bool = False) -> str:
    """Words for a distance in days; negative = past."""
    if late and days < 0:
        return ngettext("%(days)s day overdue", "%(days)s days overdue", -days) % {"days": -days}
    if days == 0:
        return _("today")
    if days == 1:
        return _("tomorrow")
    if days == -1:
        return _("yesterday")
    if days > 0:
        return ngettext("in %(days)s day", "in %(days)s days", days) % {"days": days}
    return ngettext("%(days)s day ago", "%(days)s days ago", -days) % {"days": -days}


@register.simple_tag(takes_context=True)
def day(
    context: Mapping[str, Any],
    value: date | datetime | None,
    status: str = "",
    as_of: date | None = None,
    relative: bool = True,
    short: bool = False,
) -> SafeString:
    """A date (or an instant, shown in the current zone) with its distance from the page's date.

    ``status`` colours the distance: red only when late, amber when due within 7 days. ``short`` leaves out
    the year when it is the page's own. None is a dash.
    """
    if value is None:
        return SafeString('<span class="t3">—</span>')
    shown_at = as_of or getattr(context.get("shell"), "as_of", None)
    local = timezone.localtime(value) if isinstance(value, datetime) and timezone.is_aware(value) else value
    on = local.date() if isinstance(local, datetime) else local
    text = on.isoformat()
    if short and shown_at is not None and shown_at.year == on.year:
        text = text[5:]
    if isinstance(local, datetime):
        text += f" {local:%H:%M}"
    stamp = format_html('<time datetime="{}">{}</time>', value.isoformat(), text)
    if not relative or shown_at is None:
        return format_html('<span class="nowrap num">{}</span>', stamp)
    distance = (on - shown_at).days
    late = status == "late"
    tone = "t3"
    if late:
        tone = "bad b"
    elif status in {"open", "due_soon", "due_today"} and 0 <= distance <= 7:
        tone = "warn"
    words = relative_text(distance, late=late)
    return format_html('<span class="nowrap num">{} <span class="{}">{}</span></span>', stamp, tone, words)


@register.simple_tag
def progress(done: int, total: int, label: str = "") -> SafeString:
    """``done/total`` with a small bar; ``label`` names it for assistive technology."""
    share = 0 if total <= 0 else max(0, min(100, 100 * done // total))
    return format_html(
        '<span class="nowrap num">{}{}/{}<svg class="ev" aria-hidden="true" focusable="false">'
        '<rect class="a" width="100%" height="4"/><rect class="{}" width="{}%" height="4"/></svg></span>',
        format_html('<span class="visually-hidden">{} </span>', label) if label else "",
        done,
        total,
        "c" if share == 100 else "b",
        share,
    )


@register.inclusion_tag("components/year_timeline.html")
def year_timeline(model: YearTimeline) -> dict[str, Any]:
    """Lanes over months as one drawing, with the same marks as a table below it."""
    return {"model": model, "drawn": draw_timeline(model)}


def _weekday(number: int) -> str:
    """A column head: Chinese weekday names end in the one character that tells them apart."""
    name = str(WEEKDAYS_ABBR[number])
    return name[-1] if (get_language() or "").startswith("zh") else name


@register.inclusion_tag("components/day_strip.html")
def day_strip(model: DayStrip) -> dict[str, Any]:
    """An explained deadline as month calendars with every counted and skipped day."""
    return {
        "model": model,
        "months": draw_strip(model),
        "kinds": strip_kinds(model),
        "weekdays": [_weekday(number) for number in range(7)],
    }


@register.inclusion_tag("components/kpis.html")
def kpis(items: list[Kpi], label: str = "") -> dict[str, Any]:
    """Up to five figures in one strip."""
    return {"items": items, "label": label or _("Key figures")}


@register.inclusion_tag("components/waterfall.html")
def waterfall(lines: list[WaterfallLine], currency: str = "CNY") -> dict[str, Any]:
    """A settlement from the amount due down to the amount payable."""
    return {"lines": lines, "currency": currency}


def _widget_class(widget: forms.Widget) -> str:
    if isinstance(widget, forms.CheckboxSelectMultiple | forms.RadioSelect):
        return "checks"
    if isinstance(widget, forms.CheckboxInput):
        return "form-check-input"
    if isinstance(widget, forms.Select):
        return "form-select"
    return "form-control"


@register.inclusion_tag("components/field.html")
def field(bound: forms.BoundField, label: str = "", help_text: str = "") -> dict[str, Any]:
    """A form field with label, help and errors tied to it by ``aria-describedby``."""
    widget = bound.field.widget
    described = [f"{bound.auto_id}_help"] if help_text or bound.help_text else []
    described += [f"{bound.auto_id}_error"] if bound.errors else []
    attributes: dict[str, str | bool] = {"class": f"{_widget_class(widget)} {widget.attrs.get('class', '')}".strip()}
    if bound.errors:
        attributes["class"] = f"{attributes['class']} is-invalid"
        attributes["aria-invalid"] = "true"
    if described:
        attributes["aria-describedby"] = " ".join(described)
    grouped = isinstance(widget, forms.CheckboxSelectMultiple | forms.RadioSelect)
    return {
        "bound": bound,
        "control": bound.as_widget(attrs=attributes),
        "label": label or bound.label,
        "help_text": help_text or bound.help_text,
        "grouped": grouped,
        "checkbox": isinstance(widget, forms.CheckboxInput),
    }


@register.simple_tag
def hidden_query(request: HttpRequest, *without: str) -> SafeString:
    """The address's query as hidden inputs except the names given, so that a GET form keeps the other
    filters."""
    pairs = [(name, value) for name, values in request.GET.lists() if name not in without for value in values]
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', pairs)


@register.filter
def item(sequence: Sequence[Any], index: int) -> Any:
    """``sequence[index]`` with an index held in a variable."""
    return sequence[index]
