"""Demonstration data: invented people for every role and a fictional contract that is alive on the chosen day."""
