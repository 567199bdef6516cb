"""Issuing documents. What is issued is frozen: its facts, its hashes and its bytes."""

from documents.services.issue import payment_approval_issue

__all__ = ["payment_approval_issue"]
