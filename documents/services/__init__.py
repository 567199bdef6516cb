"""Issuing documents. What is issued is frozen: its facts, its hashes and its bytes."""

from documents.services.cancel import document_cancel
from documents.services.issue import document_issue, payment_approval_issue

__all__ = ["document_cancel", "document_issue", "payment_approval_issue"]
