"""Writes of contracts: facts, files and evidence, calendars."""
