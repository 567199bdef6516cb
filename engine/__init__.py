"""The engine: contracts as data, computed by pure functions.

Calendars, intervals, money, and the deadline language. Nothing here reads a clock, a file of the product, a
database or a setting: every function takes values and an ``as_of`` date and returns values with their derivation.
"""
