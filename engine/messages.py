"""The sentences of derivations and reasons, one per message id.

English source texts, plain to a lawyer; parameters are facts, dates, numbers and names. Doors pass `translate`
(gettext) so that the reader gets them in her language.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .derivation import Step


def gettext_noop(text: str) -> str:
    """Marks a source text for extraction; doors translate it."""
    return text


_ = gettext_noop

MESSAGES: dict[str, str] = {
    # -- anchors -------------------------------------------------------------------------------------------------
    "never": _("There is no date: it never falls due."),
    "no_date": _("No date is set: {reason}"),
    "fixed_date": _("The contract names the date {date}."),
    "stated": _("The contract states {name}: {date}."),
    "event": _("{title} on {at} ({clause})."),
    "event_absent": _("{title} has not happened by {as_of} ({clause})."),
    "attribute": _("{name} is {at}."),
    "attribute_missing": _("{name} is not recorded."),
    "unknown": _("Not decided until these are known: {names}."),
    "contract_date": _("{at}, as the contract states ({name})."),
    "term_start": _("{title} begins on {at} ({clause})."),
    "term_start_open": _("When {title} begins is not known ({clause})."),
    "term_end_open": _("When {title} ends is not known ({clause})."),
    "term_end": _("{title} ends on {at} ({clause})."),
    "period_start": _("The period {period} begins on {date}."),
    "period_end": _("The period {period} ends on {date}."),
    "interval_start": _("{name} began at {at}."),
    "interval_end": _("{name} ended at {at}."),
    "interval_open": _("{name} is still going on."),
    "no_interval": _("No {name} is recorded."),
    "other_due": _("{duty} is due on {at}."),
    "other_due_open": _("The date of {duty} is not known."),
    "other_raw": _("{duty} is due on {at}, before moving off days off."),
    "other_raw_open": _("The date of {duty} is not known."),
    "other_done": _("{duty} was done on {at}."),
    "other_done_open": _("{duty} has not been done."),
    # -- counting ------------------------------------------------------------------------------------------------
    "offset_open_after": _("{amount} {unit} after that are counted once the start is known."),
    "offset_open_before": _("{amount} {unit} before that are counted once the end is known."),
    "elapsed_after": _("{amount} {unit} of elapsed time after {source}: {result}."),
    "elapsed_before": _("{amount} {unit} of elapsed time before {source}: {result}."),
    "counted_after": _("{amount} {unit} after {source}: {result}. {law}"),
    "counted_before": _("{amount} {unit} before {source}: {result}. {law}"),
    "workdays_after": _(
        "{amount} working days after {source}: {result}. Of {days} days, {workdays} are working days and {makeups} "
        "make-up working days; {weekends} weekend days and {holidays} holidays do not count ({calendar}, {kind}: "
        "{origin})."
    ),
    "workdays_before": _(
        "{amount} working days before {source}: {result}. Of {days} days, {workdays} are working days and {makeups} "
        "make-up working days; {weekends} weekend days and {holidays} holidays do not count ({calendar}, {kind}: "
        "{origin})."
    ),
    "start_day_not_counted": _("The first day is not counted. {law}"),
    "start_day_counted": _("By the reading chosen, the first day is counted."),
    "beyond_coverage": _(
        "The calendar {calendar} is published until {last}; {days} later days are counted by the weekly pattern, as an "
        "estimate."
    ),
    "rolled_next": _("{source} is a day off ({kind} {name}), so the next working day counts: {result}. {law}"),
    "rolled_previous": _("{source} is a day off ({kind} {name}), so the working day before counts: {result}. {law}"),
    "lead": _("The last day from which {amount} {unit} still end by {target}: {result}. {law}"),
    "lead_open": _("The last day from which {amount} {unit} still end in time is counted once the end is known."),
    "snap_start_open": _("The first day of the {unit} is known once the day in it is."),
    "snap_end_open": _("The last day of the {unit} is known once the day in it is."),
    "snap_start": _("The first day of the {unit} of {source}: {result}."),
    "snap_end": _("The last day of the {unit} of {source}: {result}."),
    "unpaused": _("{amount} {unit} from {source}; nothing stopped the clock: {result}."),
    "paused": _("{amount} {unit} from {source}, the clock standing still during {stops}: {result}."),
    "paused_open": _("{amount} {unit} from {source}, the clock standing still during {stops}: no date yet."),
    "needs_time_of_day": _("The time of day of {names} is not recorded; it lies anywhere in that day."),
    # -- combining -----------------------------------------------------------------------------------------------
    "latest": _("The latest of {count} dates decides: {result} ({decisive})."),
    "earliest": _("The earliest of {count} dates decides: {result} ({decisive})."),
    "latest_open": _("The latest of {count} dates decides; it is not known yet."),
    "earliest_open": _("The earliest of {count} dates decides; it is not known yet."),
    "window_open": _("When it may be done is not known yet."),
    "window": _("It may be done from {opens} until {closes}."),
    "condition_true": _("The condition holds: {condition}."),
    "condition_false": _("The condition does not hold: {condition}."),
    "condition_open": _("The condition is not decided: {condition}. It needs {missing}."),
    "reading": _("Reading of {title} ({clause}): {text} ({origin})."),
    "doubtful_instance": _("Whether this applies at all is not decided: {missing}."),
    # -- amounts -------------------------------------------------------------------------------------------------
    "formula": _("{formula} = {filled} = {result}"),
    "formula_plain": _("{formula} = {result}"),
    "formula_open": _("{formula} = {filled}: not known without {missing}."),
    "amount_stated": _("The contract states {result}."),
    "value": _("{name} is {result}."),
    "value_missing": _("{name} is not known without {missing}."),
    "reference": _("{title} ({clause}): {result}."),
    "measure": _("{title} of {key} ({clause}): {result}."),
    "still_running": _("Not final: {names} still runs."),
    "steps_up": _("{x} in begun units of {size}: {result}."),
    "steps_down": _("{x} in full units of {size}: {result}."),
    "steps_exact": _("{x} in units of {size}: {result}."),
    "band_row": _("{x} lies in {range} of {title} ({clause}): {result}."),
    "band_range": _("{x} reaches over rows of {title}: {result}."),
    "band_outside": _("{x} lies outside {title}: nothing follows ({result})."),
    "band_hole": _(
        "{x} lies in no row of {title}: below it {below} gives {below_value}, above it {above} gives {above_value}. "
        "A person must decide."
    ),
    "band_hole_above": _(
        "{x} lies above every row of {title}; the highest, {below}, gives {below_value}. A person must decide."
    ),
    "band_hole_below": _(
        "{x} lies below every row of {title}; the lowest, {above}, gives {above_value}. A person must decide."
    ),
    "tier_part": _("{part} of it in {range} of {title} ({clause}) at {rate}: {result}."),
    "tier_hole": _("A part of {x} lies in no row of {title}. A person must decide."),
    "count_of": _("{of}: {number} found ({members}), counted {result}."),
    "sum_of": _("{of}: {number} found ({members}), together {result}."),
    "only_of": _("{of}: {result}."),
    "mean_of": _("{of}: {number} found ({members}), on average {result}."),
    "min_of": _("{of}: {number} found ({members}), the least {result}."),
    "max_of": _("{of}: {number} found ({members}), the greatest {result}."),
    "length_of": _("{of}: {number} stretches of time ({spells}), together {result}."),
    "longest_of": _("{of}: {number} stretches of time ({spells}), the longest {result}."),
    "length_of_window": _("{window} lasts {result}."),
    "window_of": _("Counted in {window}: from {start} until {end}."),
    "window_missing": _("The window {window} is not known without {missing}."),
    "ordinal": _("Its place in {of} ({members}), one for each cause or key: {result}."),
    "streak": _("In a row in {of}: {result}."),
    "days": _("From {start} to {end}: {result} days."),
    "months": _("From {start} to {end}: {result} months."),
    "year_fraction": _("From {start} to {end} by {convention}: {result} of a year."),
    # -- rules and pools -----------------------------------------------------------------------------------------
    "assessed": _("{label}: {formula}, rounded {amount} {unit}."),
    "assessed_between": _("{label}: {formula} comes to between {low} and {high} {unit}; open: {missing}."),
    "assessed_none": _("{label}: {formula} is not known without {missing}."),
    "under_readings": _("By the reading {readings}:"),
    "not_under_readings": _("By the reading {readings} it does not apply."),
    "too_many_combinations": _(
        "More than {most} combinations of undecided readings ({readings}): only outer bounds are shown. "
        "Choose a reading."
    ),
    "pool_member": _("{label}: {low} to {high} {unit}."),
    "pool_member_fixed": _("{label}: {low} {unit}."),
    "pool_lapsed": _("{label} was not claimed in time and lapses."),
    "pool_sum": _("{title} ({clause}): {count} added up, {total} {unit}."),
    "pool_sum_range": _("{title} ({clause}): {count} added up, between {low} and {high} {unit}."),
    "pool_max": _("{title} ({clause}): the heaviest of {count} counts, {winners}: {total} {unit}."),
    "pool_max_range": _("{title} ({clause}): the heaviest of {count} counts, {winners}: {low} to {high} {unit}."),
    "pool_max_undecided": _(
        "{title} ({clause}): which of {count} is the heaviest is not decided, {low} to {high} {unit}."
    ),
    "pool_empty": _("{title} ({clause}): nothing to combine."),
    "pool_amount": _("{total} by {formula}: {amount}."),
    "carried_over": _("{amount} carried over from {label}, which had no room for it."),
    "capped": _("Limited by {limits}: {before} becomes {after}."),
    "instalment_stated": _("{title} ({clause}): {amount} {unit} as stated."),
    "instalment_share": _(
        "{title} ({clause}): {share}, up to {cumulative} in all, less what came before: {amount} {unit}."
    ),
    "instalment_cumulative": _(
        "{title} ({clause}): up to {share} in all, {cumulative}, less what came before: {amount} {unit}."
    ),
    "instalment_unknown": _("{title} ({clause}): the amount is not known yet."),
    "security_stated": _("{title} ({clause}): {amount} {unit} as stated."),
    "security_rate": _("{title} ({clause}): {share} of {total}: {amount} {unit}."),
    "security_withheld": _("{title} ({clause}): {share} of the {total} paid so far: {amount} {unit}."),
    # -- reasons of a status ---------------------------------------------------------------------------------------
    "waiting_for_facts": _("Condition not met: waiting for {missing}."),
    "out_of_time": _("The date lies outside the years that can be counted."),
    "waiting_for_gate": _("Waiting for {gate}; until then the obligor is not in breach. The date {due} stays."),
    "waiting_for_gate_open": _("Waiting for {gate}; until then the obligor is not in breach."),
    "waiting_for_gate_estimated": _(
        "Waiting for {gate}; until then the obligor is not in breach. The estimated date is {due}."
    ),
    "waiting_for_window": _("The window opens on {opens}."),
    "gate_met_late": _("The condition was met only after {due}; it can be performed now, without a contractual date."),
    "gate_met_late_dated": _("The condition was met only after {due}; the contract then gives {value}."),
    "provisional": _("Estimated: {value}. It is not settled and never counts as a breach."),
    "past_estimate": _("The estimated date has passed, but nothing is settled: not a breach."),
    "delay": _("{days} days after the due date."),
    "delay_same_day": _("On the due day, but after the due time {due}."),
    "disputed_day": _("Done after the safe date {safe} but by {due}: a day in dispute."),
    "internal_passed": _("The internal target has passed; this is never a breach."),
    "external_passed": _("The date of a third party has passed; no party is in breach."),
    "done_undecided": _("Done on {done}; whether in time is not decided."),
}


# How a clause is cited, and what stands between the parts of a list.
CITATION = _("clause {number}")
LIST_SEPARATOR = _(", ")

# Words that stand inside the sentences.
WORDS: dict[str, str] = {
    "seconds": _("seconds"),
    "minutes": _("minutes"),
    "hours": _("hours"),
    "days": _("days"),
    "calendar_days": _("calendar days"),
    "workdays": _("working days"),
    "weeks": _("weeks"),
    "months": _("months"),
    "years": _("years"),
    "day": _("day"),
    "week": _("week"),
    "month": _("month"),
    "quarter": _("quarter"),
    "half": _("half-year"),
    "year": _("year"),
    "official": _("as published"),
    "weekdays": _("weekly pattern only"),
    "no_makeup": _("without make-up days"),
    "weekend": _("weekend"),
    "holiday": _("holiday"),
    "makeup": _("make-up working day"),
    "workday": _("working day"),
    "uncovered": _("not yet published"),
    "Civil Code 201": _("Civil Code 201"),
    "Civil Code 202": _("Civil Code 202"),
    "Civil Code 203": _("Civil Code 203"),
    "State Council holiday notices": _("State Council holiday notices"),
    "chosen": _("chosen"),
    "default": _("by default"),
}


def render(step: Step, translate: Callable[[str], str] = str, words: Callable[[str], str] | None = None) -> str:
    """The sentence of one step, without its children; lists are joined. `words` puts the conditions and formulas
    inside it, written in the contract language, in the reader's words.

    Where the moment it is about is not known, the sentence named `…_open` says so, rather than show a gap.
    """
    unknown = any(key in step.params and step.params[key] is None for key in _RESULTS)
    open_form = f"{step.message}_open"
    source = translate(MESSAGES[open_form if unknown and open_form in MESSAGES else step.message])
    params = {key: _shown(value, translate(LIST_SEPARATOR)) for key, value in step.params.items()}
    if params.get("clause"):
        params["clause"] = cite(params["clause"], translate)
    for key in _WORDED:
        word = step.params.get(key)
        if isinstance(word, str):
            params[key] = in_words(word, translate)
    for key in _EXPRESSIONS:
        if words is not None and key in params:
            params[key] = words(params[key])
    if not params.get("clause"):
        source = _NO_CLAUSE.sub("", source)
    return (
        " ".join(source.format_map(_Params(params)).split()).replace(" )", ")").replace(":)", ")").replace("：）", "）")
    )


def in_words(text: str, translate: Callable[[str], str] = str) -> str:
    """One of WORDS in the reader's language, with what follows it in brackets; any other text as it is."""
    word, bracket, rest = text.partition(" (")
    return translate(WORDS[word]) + bracket + rest if word in WORDS else text


def cite(clause: str, translate: Callable[[str], str] = str) -> str:
    """Clauses as they are cited: 「第7.1条；第7.2条」 for "7.1；7.2"; what is no number (an annex) stays as it is."""
    return "；".join(
        translate(CITATION).format(number=part) if part[:1].isdigit() else part for part in clause.split("；")
    )


# The parameters that hold what a sentence arrives at, and those that hold one of WORDS.
_RESULTS = ("result", "at", "closes", "due")
_EXPRESSIONS = ("condition", "formula")
_WORDED = ("unit", "kind", "origin", "law")

# Where no clause is known, the brackets around it go too, whatever the language.
_NO_CLAUSE = re.compile(r"\s*[(（][^()（）]*\{clause\}[^()（）]*[)）]")


class _Params(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "—"


def _shown(value: Any, separator: str) -> str:
    if value is None:
        return "—"
    if isinstance(value, list):
        if value and all(isinstance(item, list) and len(item) == 2 for item in value):
            spans = (
                (_shown(start, separator), _shown(end, separator) if end is not None else "…") for start, end in value
            )
            return separator.join(f"{start} – {end}" for start, end in spans)
        return separator.join(_shown(item, separator) for item in value)
    return str(value)
