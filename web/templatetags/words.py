"""Filters that show codes in words."""

from django import template

from web import words

register = template.Library()
register.filter("cause_words", words.cause_words)
register.filter("duration_words", words.duration_words)
register.filter("holiday_words", words.holiday_words)
register.filter("period_words", words.period_words)
register.filter("recurrence_words", words.recurrence_words)
register.filter("reminder_state", words.reminder_state_words)
register.filter("source_words", words.source_words)
register.filter("step_words", words.step_words)
