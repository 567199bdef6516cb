"""What may be uploaded: an allow-list of extensions, each with the magic number libmagic must see and a check of the
structure itself (OWASP ASVS 5.2). Nothing is executed, rendered or unpacked to disk here."""

from __future__ import annotations

import re
import stat
import struct
import unicodedata
import warnings
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import magic
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse
from django.utils.translation import gettext as _

from contracts.errors import Refused

NAME_BYTES = 200
ZIP_ENTRIES = 2_000
ZIP_TOTAL = 200 * 1024 * 1024
ZIP_RATIO = 100
ZIP_DIRECTORY = 1024 * 1024
XML_DEPTH = 200
IMAGE_PIXELS = 60_000_000

# Long enough not to turn up by chance in 20 MB of compressed picture.
_MARKUP = re.compile(
    rb"<(?:!doctype\s+html|html[\s>]|script[\s>]|svg[\s/>]|iframe[\s>]|body[\s>]|\?php\s)", re.IGNORECASE
)
_NESTED = (".zip", ".jar", ".7z", ".rar", ".gz", ".exe", ".dll", ".js", ".docm", ".xlsm")


def clean_name(raw: str) -> str:
    """A person's file name made fit for display and headers: the last path part only, no control or
    direction-changing characters, at most 200 bytes of UTF-8, the extension kept. Never empty."""
    text = unicodedata.normalize("NFC", raw).replace("\\", "/")
    text = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text)
    text = re.sub(r" +", " ", text.rsplit("/", 1)[-1]).strip(" .")
    if not text:
        return "file"
    stem, dot, extension = text.rpartition(".")
    if not dot or len(extension) > 10:
        stem, dot, extension = text, "", ""
    room = NAME_BYTES - len(f"{dot}{extension}".encode())
    stem = stem.encode()[:room].decode(errors="ignore").rstrip(" .") or "file"
    return f"{stem}{dot}{extension}"


def _damaged(what: str) -> Refused:
    return Refused(
        _("The file is not a readable %(what)s file. Open it in its program, save it again and upload that copy.")
        % {"what": what},
        "upload",
    )


def _active() -> Refused:
    return Refused(
        _("The file holds macros, scripts or other active content. Save it without them, or as PDF, and upload that."),
        "upload",
    )


# --- one check per structure -----------------------------------------------------------------------------------


def _check_pdf(path: Path) -> None:
    """Begins at byte 0, ends with its own end mark, carries no markup before or after, starts nothing on opening."""
    data = path.read_bytes()
    tail = data.rfind(b"%%EOF")
    if not data.startswith(b"%PDF-") or tail < 0 or b"startxref" not in data[max(0, tail - 2048) : tail]:
        raise _damaged("PDF")
    if data[tail + 5 :].strip(b"\r\n\t \0") or _MARKUP.search(data[:1024]):
        raise _damaged("PDF")
    # A PDF that runs something when opened; names may be written with #xx escapes.
    plain = re.sub(rb"#([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), data)
    # Attachments are allowed: electronic invoices and receipts carry their data that way.
    if re.search(rb"/(?:JavaScript|Launch|RichMedia)\b|/XFA\s*[\[\d]", plain):
        raise _active()


def _check_image(kind: str) -> Callable[[Path], None]:
    def check(path: Path) -> None:
        from PIL import Image

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                with Image.open(path, formats=[kind]) as image:
                    width, height = image.size
                    if width * height > IMAGE_PIXELS:
                        raise Refused(
                            _("The picture has too many pixels. Scale it down to 60 million or fewer and try again."),
                            "upload",
                        )
                    image.verify()
        except (OSError, SyntaxError, ValueError, Warning, Image.DecompressionBombError) as error:
            if isinstance(error, Refused):
                raise
            raise _damaged(kind) from error
        if _MARKUP.search(path.read_bytes()):
            raise _active()

    return check


def _check_xml(path: Path) -> None:
    """Well-formed, without a document type (no entities, no external references), not a page or a picture."""
    depth = 0
    try:
        for event, element in iterparse(
            path, events=("start", "end"), forbid_dtd=True, forbid_entities=True, forbid_external=True
        ):
            if event == "end":
                depth -= 1
                element.clear()
                continue
            depth += 1
            local = str(element.tag).rsplit("}", 1)[-1].lower()
            if depth > XML_DEPTH:
                raise _damaged("XML")
            if local in {"html", "svg", "script", "stylesheet"}:
                raise _active()
    except DefusedXmlException as error:
        raise _active() from error
    except (SyntaxError, ValueError, LookupError) as error:
        if isinstance(error, Refused):
            raise
        raise _damaged("XML") from error
    if b"<?xml-stylesheet" in path.read_bytes()[:4096]:
        raise _active()


def _check_text(path: Path) -> None:
    """UTF-8 or GB18030 text without control characters that does not begin like a page, script or program."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError as error:
            raise _damaged("text") from error
    if any(ord(char) < 32 and char not in "\t\r\n\f" for char in text):
        raise _damaged("text")
    if text.lstrip().startswith(("<", "#!", "%!", "{\\rtf")) or _MARKUP.search(data[:4096]):
        raise _active()


def _zip_bounds(path: Path) -> None:
    """Refuse archives whose directory alone is a burden, before it is read: the end record says how large it is."""
    with path.open("rb") as stream:
        if stream.read(4) != b"PK\x03\x04":
            raise _damaged("ZIP")
        size = stream.seek(0, 2)
        stream.seek(max(0, size - 65_557))
        tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22:
        raise _damaged("ZIP")
    _sig, _disk, _start, _here, entries, directory, offset, comment = struct.unpack("<4s4H2LH", tail[at : at + 22])
    if comment != len(tail) - at - 22 or b"PK\x06\x07" in tail[max(0, at - 20) : at]:
        raise _damaged("ZIP")
    if offset + directory != size - 22 - comment:
        raise _damaged("ZIP")  # bytes before, between or after the archive: two formats in one file
    if entries > ZIP_ENTRIES or directory > ZIP_DIRECTORY:
        raise _bomb()


def _bomb() -> Refused:
    return Refused(
        _("The file unpacks to far more than it seems to hold. Save it again in its program, or as PDF."), "upload"
    )


def open_archive(path: Path, *, nested: tuple[str, ...] = _NESTED) -> zipfile.ZipFile:
    """A ZIP archive whose shape has been looked at: entry count, sizes, ratio, names, links, nesting, encryption.

    Raises Refused. The caller closes it. Nothing is unpacked.
    """
    _zip_bounds(path)
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise _damaged("ZIP") from error
    try:
        _look_at(archive, path.stat().st_size, nested)
    except BaseException:
        archive.close()
        raise
    return archive


def _look_at(archive: zipfile.ZipFile, size: int, nested: tuple[str, ...]) -> None:
    entries = archive.infolist()
    total = sum(entry.file_size for entry in entries)
    if len(entries) > ZIP_ENTRIES or total > ZIP_TOTAL or (total > 1024 * 1024 and total > ZIP_RATIO * size):
        raise _bomb()
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename
        parts = name.replace("\\", "/").split("/")
        if name.startswith(("/", "\\")) or ".." in parts or ":" in name or "\0" in name or name in seen:
            raise _damaged("ZIP")
        seen.add(name)
        if stat.S_ISLNK(entry.external_attr >> 16) or entry.flag_bits & 0x1:
            raise _damaged("ZIP")
        if name.lower().endswith(nested):
            raise _bomb()


def _check_office(main_part: str, content_type: bytes) -> Callable[[Path], None]:
    def check(path: Path) -> None:
        with open_archive(path) as archive:
            names = {entry.filename for entry in archive.infolist()}
            if "[Content_Types].xml" not in names or main_part not in names:
                raise _damaged("Office")
            types = _member(archive, "[Content_Types].xml")
            lowered = [name.lower() for name in names]
            if b"macroEnabled" in types or b"vbaProject" in types:
                raise _active()
            if any("vbaproject" in name or "/activex/" in name or "oleobject" in name for name in lowered):
                raise _active()
            if content_type not in types:
                raise _damaged("Office")
            for name in names:
                # A template fetched from elsewhere brings its macros along.
                if name.endswith(".rels"):
                    relations = _member(archive, name)
                    if b"External" in relations and re.search(rb"attachedTemplate|oleObject|frame", relations):
                        raise _active()

    return check


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > 4 * 1024 * 1024:
        raise _bomb()
    try:
        return archive.read(name)
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, NotImplementedError, EOFError) as error:
        raise _damaged("ZIP") from error


def _check_ofd(path: Path) -> None:
    """GB/T 33190: a ZIP with OFD.xml at its root."""
    with open_archive(path) as archive:
        if "OFD.xml" not in archive.namelist() or b"OFD" not in _member(archive, "OFD.xml")[:2048]:
            raise _damaged("OFD")


# --- the allow-list --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FileType:
    """One allowed kind: the media type it is served as, what libmagic may call it, and its structure check."""

    media_type: str
    magic: frozenset[str]
    check: Callable[[Path], None]


_ZIPPED = frozenset({"application/zip", "application/octet-stream"})
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TEXTS = frozenset({"text/plain", "text/csv", "application/csv", "application/json"})

FILE_TYPES: dict[str, FileType] = {
    "pdf": FileType("application/pdf", frozenset({"application/pdf"}), _check_pdf),
    "docx": FileType(
        _DOCX, _ZIPPED | {_DOCX}, _check_office("word/document.xml", b"wordprocessingml.document.main+xml")
    ),
    "xlsx": FileType(_XLSX, _ZIPPED | {_XLSX}, _check_office("xl/workbook.xml", b"spreadsheetml.sheet.main+xml")),
    "ofd": FileType("application/ofd", _ZIPPED | {"application/ofd"}, _check_ofd),
    "xml": FileType("application/xml", frozenset({"text/xml", "application/xml"}), _check_xml),
    "png": FileType("image/png", frozenset({"image/png"}), _check_image("PNG")),
    "jpg": FileType("image/jpeg", frozenset({"image/jpeg"}), _check_image("JPEG")),
    "jpeg": FileType("image/jpeg", frozenset({"image/jpeg"}), _check_image("JPEG")),
    "txt": FileType("text/plain", _TEXTS, _check_text),
    "csv": FileType("text/csv", _TEXTS, _check_text),
}


def inspect(path: Path, name: str) -> str:
    """The media type of the file at `path`, uploaded under `name`, if its extension is allowed, libmagic agrees and
    the structure holds. Raises Refused with what to do instead."""
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    kind = FILE_TYPES.get(extension)
    if kind is None:
        raise Refused(
            _("Files of this kind are not taken. Use one of: %(kinds)s.") % {"kinds": ", ".join(sorted(FILE_TYPES))},
            "upload",
        )
    found = magic.from_file(str(path), mime=True)
    if found not in kind.magic:
        raise Refused(
            _("The content is %(found)s, not what the name ending .%(extension)s says. Rename or save it again.")
            % {"found": found, "extension": extension},
            "upload",
        )
    kind.check(path)
    return kind.media_type
