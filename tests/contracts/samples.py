"""Files as people upload them: good ones of every allowed kind, and hostile ones."""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping

PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"xref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n0000000054 00000 n \n"
    b"trailer<</Size 3/Root 1 0 R>>\nstartxref\n103\n%%EOF\n"
)
TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/{part}" ContentType="{kind}"/></Types>'
)
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
WORD_MACRO = "application/vnd.ms-word.document.macroEnabled.main+xml"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"


def png(width: int = 2, height: int = 2) -> bytes:
    """A grey PNG; the header may promise any size."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 3 * 2)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg() -> bytes:
    from PIL import Image

    kept = io.BytesIO()
    Image.new("L", (2, 2)).save(kept, "JPEG")
    return kept.getvalue()


def packed(members: Mapping[str, bytes | str], *, compressed: bool = True) -> bytes:
    """A ZIP archive of these members."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return kept.getvalue()


def unreadable(archive: bytes, member: str, *, version: int = 20, method: int = 99) -> bytes:
    """The archive with one member packed by a method, or for a version, that no program here knows."""
    made, name = bytearray(archive), member.encode()
    for mark, at_version, length, before in ((b"PK\x03\x04", 4, 26, 30), (b"PK\x01\x02", 6, 28, 46)):
        place = next(
            found.start()
            for found in re.finditer(re.escape(mark), archive)
            if struct.unpack_from("<H", archive, found.start() + length)[0] == len(name)
            and archive[found.start() + before : found.start() + before + len(name)] == name
        )
        struct.pack_into("<H", made, place + at_version, version)
        struct.pack_into("<H", made, place + at_version + 4, method)
    return bytes(made)


def office(part: str, kind: str, **more: bytes | str) -> bytes:
    """A minimal Office file; `more` adds members (slashes written as two underscores)."""
    members: dict[str, bytes | str] = {
        "[Content_Types].xml": TYPES.format(part=part, kind=kind),
        "_rels/.rels": "<Relationships/>",
        part: "<x/>",
    }
    return packed(members | {name.replace("__", "/"): content for name, content in more.items()})


def docx(**more: bytes | str) -> bytes:
    return office("word/document.xml", WORD, **more)


def linked() -> bytes:
    """A Word file with a symbolic link inside."""
    kept = io.BytesIO(docx())
    with zipfile.ZipFile(kept, "a") as archive:
        entry = zipfile.ZipInfo("word/link")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    return kept.getvalue()


GOOD: dict[str, bytes] = {
    "report.pdf": PDF,
    "minutes.docx": docx(),
    "sheet.xlsx": office("xl/workbook.xml", SHEET),
    "invoice.ofd": packed({"OFD.xml": '<ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016"/>'}),
    "invoice.xml": b'<?xml version="1.0" encoding="UTF-8"?>\n<Invoice><Number>1</Number></Invoice>\n',
    "scan.png": png(),
    "photo.jpg": jpeg(),
    "note.txt": "验收记录\r\n第一行\r\n".encode(),
    "old.txt": "用国标编码写的说明文字，共两句。请查收。\n".encode("gb18030"),
    "list.csv": "system,minutes\n官网,3\n".encode(),
}

GIF_JS = b"GIF89a/*" + b"\0" * 32 + b"*/=1;alert(1)//"
BOMB = docx(word__media__big=b"\0" * 60_000_000)
MANY = packed({f"word/{number}": b"" for number in range(10_000)})
ENTITIES = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><a>&c;</a>'
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><a>&f;</a>'

HOSTILE: dict[str, tuple[str, bytes]] = {
    "unknown packing": ("a.docx", unreadable(docx(), "[Content_Types].xml")),
    "unknown packing of an OFD": ("a.ofd", unreadable(GOOD["invoice.ofd"], "OFD.xml")),
    "unknown version of ZIP": ("a.docx", unreadable(docx(), "word/document.xml", version=99, method=8)),
    "page as PDF": ("a.pdf", b"<!doctype html><script>alert(1)</script>"),
    "picture as PDF": ("a.pdf", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
    "program as PDF": ("a.pdf", b"MZ\x90\0" + b"\0" * 400),
    "page before the PDF": ("a.pdf", b"<html><script>alert(1)</script></html>\n" + PDF),
    "page after the PDF": ("a.pdf", PDF + b"<script>alert(1)</script>"),
    "page inside the PDF's head": ("a.pdf", PDF.replace(b"%PDF-1.4\n", b"%PDF-1.4\n%<script>alert(1)</script>\n")),
    "script in the PDF": ("a.pdf", PDF.replace(b"/Catalog", b"/Catalog/OpenAction<</S/JavaScript/JS(app.alert())>>")),
    "hidden script in the PDF": ("a.pdf", PDF.replace(b"/Catalog", b"/Catalog/OpenAction<</S/J#61vaScript>>")),
    "PDF cut short": ("a.pdf", PDF[:60]),
    "GIF that is a script": ("a.png", GIF_JS),
    "GIF": ("a.gif", GIF_JS),
    "script behind a PNG": ("a.png", png() + b"<script>alert(1)</script>"),
    "PNG of a trillion pixels": ("a.png", png(1_000_000, 1_000_000)),
    "PNG named JPEG": ("a.jpg", png()),
    "macro file": ("a.docm", office("word/document.xml", WORD_MACRO)),
    "macro file as Word": ("a.docx", office("word/document.xml", WORD_MACRO, word__vbaProject="x")),
    "Word with an ActiveX part": ("a.docx", docx(word__activeX__activeX1="<x/>")),
    "Word with a template from elsewhere": (
        "a.docx",
        packed(
            {
                "[Content_Types].xml": TYPES.format(part="word/document.xml", kind=WORD),
                "word/document.xml": "<x/>",
                "word/_rels/settings.xml.rels": '<R Type="attachedTemplate" TargetMode="External" Target="http://x"/>',
            }
        ),
    ),
    "plain archive as Word": ("a.docx", packed({"readme": "hello"})),
    "sheet as Word": ("a.docx", office("xl/workbook.xml", SHEET)),
    "archive": ("a.zip", packed({"readme": "hello"})),
    "bomb": ("a.docx", BOMB),
    "ten thousand members": ("a.docx", MANY),
    "archive in the archive": ("a.docx", docx(word__inner=b"").replace(b"word/inner", b"word/i.zip")),
    "member outside": ("a.docx", docx(word__xx__evil="x").replace(b"word/xx/evil", b"word/../evil")),
    "link in the archive": ("a.docx", linked()),
    "page before the archive": ("a.docx", b"<script>alert(1)</script>" + docx()),
    "page after the archive": ("a.docx", docx() + b"<script>alert(1)</script>"),
    "entity bomb": ("a.xml", ENTITIES),
    "file of the server": ("a.xml", OUTSIDE),
    "page as XML": ("a.xml", b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body/></html>'),
    "style sheet in XML": ("a.xml", b'<?xml version="1.0"?><?xml-stylesheet href="x.xsl"?><a/>'),
    "page as text": ("a.txt", b"<html><script>alert(1)</script></html>"),
    "shell script as text": ("a.txt", b"#!/bin/sh\nrm -rf /\n"),
    "binary as text": ("a.txt", b"abc\0\1\2def" * 20),
    "program": ("a.exe", b"MZ\x90\0" + b"\0" * 400),
    "no ending": ("report", PDF),
    "empty": ("a.pdf", b""),
}
