"""The import order of the house, held by import-linter, and what is imported from outside."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions

from tests.architecture.house import APPS, FLOORS, ROOT, modules, name_of, tree


def _contracts() -> dict[str, dict[str, object]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {contract["id"]: contract for contract in settings["tool"]["importlinter"]["contracts"]}


def test_the_contracts_say_what_the_house_says() -> None:
    contracts = _contracts()
    assert contracts["layers"]["layers"] == [" | ".join(floor) for floor in FLOORS]
    assert contracts["pure"]["source_modules"] == ["engine", "*.rules"]
    assert {"django", "celery", "*.models"} <= set(contracts["pure"]["forbidden_modules"])  # type: ignore[call-overload]
    assert contracts["doors"]["source_modules"] == ["web", "portal", "api"]
    assert contracts["doors"]["forbidden_modules"] == ["*.models"]
    # One exception, no more: the shared templates' frozen values, which both front doors fill.
    ignored = {name: contract["ignore_imports"] for name, contract in contracts.items() if "ignore_imports" in contract}
    assert ignored == {"layers": ["portal.** -> web.components"]}


def test_the_contracts_are_kept() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()",
         "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_outside_import_is_a_declared_dependency() -> None:
    """A package that only comes along with another may leave with it."""
    declared = {
        re.split(r"[\[=<>~ ]", line.strip().lower())[0].replace("_", "-")
        for line in (ROOT / "requirements.in").read_text().splitlines()
        if line.strip() and not line.startswith("#")
    }
    providers = packages_distributions()
    undeclared = set()
    for path in modules(*APPS):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            else:
                continue
            for name in names:
                top = name.split(".")[0]
                if top in sys.stdlib_module_names or top in APPS:
                    continue
                owners = {owner.lower().replace("_", "-") for owner in providers.get(top, [])}
                if not owners & declared:
                    undeclared.add(f"{name_of(path)} imports {name}")
    assert not undeclared
