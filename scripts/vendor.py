"""Copy third-party browser files into the repository and record what was copied.

Production installs with pip alone, so the few browser libraries live in the tree. Run this when a version
changes: every package is packed at its exact version with ``npm pack``, checked against the integrity already
recorded for that version, copied with its licence, and hashed into ``static/vendor/vendor.json``.

``sourceMappingURL`` lines are removed: the maps are not shipped and the hashing static storage refuses
a reference to a missing file.

Usage::

    python scripts/vendor.py           # copy, hash, write the manifest
    python scripts/vendor.py --check   # re-hash only; exit 1 if a file differs from the manifest
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MANIFEST = ROOT / "static" / "vendor" / "vendor.json"
SOURCE_MAP = re.compile(rb"\n?(?:/\*# sourceMappingURL=[^*]*\*/|//# sourceMappingURL=\S+)\s*$")

# fmt: off
ICONS = (
    "activity", "adjustments", "alert-circle", "alert-triangle", "archive", "arrow-back-up",
    "arrow-left", "arrow-right", "arrows-exchange", "ban", "bell", "book", "briefcase", "building",
    "building-bank", "calendar-due", "calendar-event", "calendar-off", "calendar-plus",
    "calendar-stats", "cash", "certificate", "chart-bar", "check", "checklist", "checks",
    "chevron-down", "chevron-left", "chevron-right", "circle-check", "circle-dashed", "circle-minus",
    "circle-x", "clipboard-check", "clipboard-list", "clock", "clock-pause", "coin", "contrast", "copy",
    "database", "device-mobile", "dots", "download", "edit", "external-link", "eye", "file-check",
    "file-spreadsheet", "file-text", "file-type-pdf", "file-upload", "filter", "flag", "folder",
    "gauge", "gavel", "hash", "help-circle", "history", "hourglass", "inbox", "info-circle", "key",
    "language", "link", "list-check", "lock", "logout", "mail", "menu-2", "message", "package",
    "paperclip", "plus", "printer", "progress", "qrcode", "receipt", "refresh", "rotate-clockwise",
    "scale", "search", "send", "server", "settings", "shield-check", "shield-lock", "speakerphone",
    "timeline", "trash", "upload", "user", "user-check", "user-plus", "users", "versions", "world", "x",
)
# fmt: on


@dataclass(frozen=True)
class Package:
    """One npm package: ``files`` maps a path inside the package to a path inside the repository."""

    name: str
    version: str
    licence: str
    files: dict[str, str]


PACKAGES = (
    Package(
        "bootstrap",
        "5.3.9",
        "MIT",
        {
            "dist/css/bootstrap.min.css": "static/vendor/bootstrap-5.3.9/bootstrap.min.css",
            "dist/js/bootstrap.bundle.min.js": "static/vendor/bootstrap-5.3.9/bootstrap.bundle.min.js",
            "LICENSE": "static/vendor/bootstrap-5.3.9/LICENSE",
        },
    ),
    Package(
        "@tabler/icons",
        "3.51.0",
        "MIT",
        {f"icons/outline/{name}.svg": f"static/icons/{name}.svg" for name in ICONS}
        | {"LICENSE": "static/icons/LICENSE"},
    ),
    Package(
        "axe-core",
        "4.14.1",
        "MPL-2.0",
        {
            "axe.min.js": "tests/browser/vendor/axe-core-4.14.1/axe.min.js",
            "LICENSE": "tests/browser/vendor/axe-core-4.14.1/LICENSE",
            "LICENSE-3RD-PARTY.txt": "tests/browser/vendor/axe-core-4.14.1/LICENSE-3RD-PARTY.txt",
        },
    ),
)


def sha256(path: Path) -> str:
    """Hex digest of the file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_manifest() -> dict[str, dict[str, object]]:
    """Manifest entries by package name; empty before the first run."""
    if not MANIFEST.exists():
        return {}
    entries = json.loads(MANIFEST.read_text(encoding="utf-8"))["packages"]
    return {str(entry["package"]): entry for entry in entries}


def pack(package: Package, folder: Path) -> tuple[str, Path]:
    """Fetch the exact version; return its integrity string and the archive."""
    done = subprocess.run(
        ["npm", "pack", f"{package.name}@{package.version}", "--json", "--ignore-scripts"],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    facts = json.loads(done.stdout)[0]
    archives = sorted(folder.glob("*.tgz"))
    if facts["version"] != package.version or len(archives) != 1:
        raise SystemExit(f"{package.name}: asked for {package.version}, received {facts['version']}")
    return facts["integrity"], archives[0]


def copy(package: Package, known: dict[str, object] | None) -> dict[str, object]:
    """Copy one package into the tree; return its manifest entry."""
    with tempfile.TemporaryDirectory() as name:
        integrity, archive = pack(package, Path(name))
        if known and known["version"] == package.version and known["integrity"] != integrity:
            raise SystemExit(f"{package.name} {package.version}: integrity changed since it was recorded")
        hashes = {}
        with tarfile.open(archive) as tar:
            for inside, target in package.files.items():
                member = tar.extractfile(f"package/{inside}")
                if member is None:
                    raise SystemExit(f"{package.name}: {inside} is not a file")
                body = member.read()
                if target.endswith((".js", ".css")):
                    body = SOURCE_MAP.sub(b"", body)
                path = ROOT / target
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(body)
                hashes[target] = sha256(path)
    return {
        "package": package.name,
        "version": package.version,
        "licence": package.licence,
        "integrity": integrity,
        "files": dict(sorted(hashes.items())),
    }


def differences() -> list[str]:
    """Files on disk that differ from the manifest, as readable lines."""
    lines = []
    for entry in read_manifest().values():
        files = entry["files"]
        assert isinstance(files, dict)
        for target, digest in files.items():
            path = ROOT / target
            if not path.exists():
                lines.append(f"{target}: missing")
            elif sha256(path) != digest:
                lines.append(f"{target}: differs from the recorded hash")
    return lines


def main() -> int:
    """Command line entry; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="re-hash only")
    if parser.parse_args().check:
        problems = differences()
        sys.stderr.writelines(f"{line}\n" for line in problems)
        return 1 if problems else 0
    known = read_manifest()
    entries = [copy(package, known.get(package.name)) for package in PACKAGES]
    MANIFEST.parent.mkdir(parents=True, exist_ok=True)
    MANIFEST.write_text(json.dumps({"packages": entries}, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
