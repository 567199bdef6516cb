"""Where the house's parts are, for the tests that guard its order."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Top to bottom; one line may use what lies below it, siblings on a line may not use each other.
FLOORS = (
    ("config",),
    ("web", "portal", "api"),
    ("documents",),
    ("definitions",),
    ("penalties",),
    ("billing", "sla"),
    ("obligations",),
    ("contracts",),
    ("accounts",),
    ("engine",),
)
APPS = tuple(app for floor in FLOORS for app in floor)
HEIGHT = {app: len(FLOORS) - number for number, floor in enumerate(FLOORS) for app in floor}
VENDORED = ("static/vendor/", "tests/browser/vendor/")


def tracked() -> Iterator[Path]:
    """Every file of the repository, or of the working tree where there is no git (an unpacked release)."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, capture_output=True, check=True, text=True,
        ).stdout.split("\0")  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        skipped = {".venv", "var", ".git"}
        listed = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.parts[len(ROOT.parts)] not in skipped]
    for name in listed:
        path = ROOT / name
        if name and path.is_file() and not path.is_symlink():
            yield path


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def own_files(*suffixes: str) -> Iterator[Path]:
    """Tracked files we wrote ourselves, by suffix."""
    for path in tracked():
        if path.suffix in suffixes and not name_of(path).startswith(VENDORED):
            yield path


def modules(*apps: str) -> Iterator[Path]:
    for path in own_files(".py"):
        if name_of(path).split("/")[0] in apps:
            yield path


def pure_modules() -> Iterator[Path]:
    """The engine and each app's rules: arithmetic that may know neither a clock nor a database."""
    for path in modules(*APPS):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[0] == "engine" or "rules" in parts[1:3]:
            yield path


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
