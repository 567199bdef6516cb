"""Check every issued document: its facts against their hash, its bytes against theirs, and, with --render, that the
facts still give the very same bytes."""

from __future__ import annotations

import hashlib
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from contracts.errors import Refused
from contracts.services.files import file_open
from documents import printed
from documents.models import IssuedDocument
from documents.render import facts_hash


def faults(document: IssuedDocument, *, render: bool) -> Iterator[str]:
    """What does not fit about one document; empty when it is as it was issued."""
    if facts_hash(document.facts) != document.facts_sha256:
        yield "its facts do not match their hash"
    try:
        with file_open(document.file) as stored:
            body = stored.read()
    except Refused:
        yield "its file is missing"
        return
    if hashlib.sha256(body).hexdigest() != document.file.sha256:
        yield "its file does not match its hash"
    if render and same_layout(document) and printed.render_pdf(document.facts) != body:
        yield "its facts now give other bytes (another version of the renderer or the fonts?)"


def same_layout(document: IssuedDocument) -> bool:
    """Whether its facts are laid out today as they were when it was issued."""
    return bool(document.facts.get("layout") == printed.LAYOUT)


class Command(BaseCommand):
    help = "Check every issued document against its hashes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--render", action="store_true", help="also render each document again and compare bytes")

    def handle(self, *args: Any, **options: Any) -> None:
        count = wrong = earlier = 0
        for document in IssuedDocument.objects.select_related("file").order_by("pk").iterator(chunk_size=200):
            count += 1
            earlier += not same_layout(document)
            for fault in faults(document, render=options["render"]):
                wrong += 1
                self.stderr.write(f"{document.number}: {fault}")
        if wrong:
            raise CommandError(f"{wrong} faults in {count} documents.")
        self.stdout.write(f"{count} documents, all as issued.")
        if earlier and options["render"]:
            self.stdout.write(f"{earlier} of them under an earlier layout: compared with their hashes, not rendered.")
