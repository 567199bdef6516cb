"""The front end's ground rules, read from the files themselves: nothing from outside, nothing that a policy without
inline scripts or styles would refuse, nothing that a Chromium of 2020 cannot read."""

import importlib.util
import json
import re
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
TEMPLATES = ROOT / "templates"
PAGES = sorted(
    path
    for path in TEMPLATES.rglob("*.html")
    if path.parent == TEMPLATES
    or path.relative_to(TEMPLATES).parts[0] in {"web", "portal", "components", "account", "allauth", "mfa"}
)
OWN_CSS = sorted(STATIC.glob("*.css"))
OWN_JS = sorted(STATIC.glob("*.js"))


def names(paths):
    return [str(path.relative_to(ROOT)) for path in paths]


def vendor_script():
    spec = importlib.util.spec_from_file_location("vendor", ROOT / "scripts" / "vendor.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["vendor"] = module  # its dataclass looks itself up there
    spec.loader.exec_module(module)
    return module


# --- vendored files ----------------------------------------------------------------------------------------------


def test_vendored_files_are_the_ones_recorded():
    assert vendor_script().differences() == []


def test_a_changed_vendored_file_is_noticed(tmp_path, monkeypatch):
    vendor = vendor_script()
    target = tmp_path / "static" / "vendor" / "thing.js"
    target.parent.mkdir(parents=True)
    target.write_text("one")
    manifest = target.parent / "vendor.json"
    entry = {"package": "thing", "files": {"static/vendor/thing.js": vendor.sha256(target)}}
    manifest.write_text(json.dumps({"packages": [entry]}))
    monkeypatch.setattr(vendor, "ROOT", tmp_path)
    monkeypatch.setattr(vendor, "MANIFEST", manifest)
    assert vendor.differences() == []
    target.write_text("two")
    assert vendor.differences() == ["static/vendor/thing.js: differs from the recorded hash"]
    target.unlink()
    assert vendor.differences() == ["static/vendor/thing.js: missing"]


def test_every_vendored_file_is_recorded_with_its_licence():
    packages = json.loads((STATIC / "vendor" / "vendor.json").read_text(encoding="utf-8"))["packages"]
    recorded = {file for package in packages for file in package["files"]}
    for package in packages:
        assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", package["integrity"])
        assert package["licence"] and re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
        assert any(Path(file).name == "LICENSE" for file in package["files"]), package["package"]
    folders = [STATIC / "vendor", STATIC / "icons", ROOT / "tests" / "browser" / "vendor"]
    present = {str(path.relative_to(ROOT)) for folder in folders for path in folder.rglob("*") if path.is_file()}
    assert present - {"static/vendor/vendor.json"} == recorded


def test_vendored_files_name_no_source_map():
    for path in (STATIC / "vendor").rglob("*"):
        if path.suffix in {".js", ".css"}:
            assert "sourceMappingURL" not in path.read_text(encoding="utf-8"), path


def test_collectstatic_hashes_and_compresses_every_file(tmp_path, settings):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    manifest = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]
    for name in ("app.css", "app.js", "theme.js", "vendor/bootstrap-5.3.9/bootstrap.min.css"):
        assert (tmp_path / manifest[name]).exists()
        assert (tmp_path / f"{manifest[name]}.gz").exists()


# --- own style sheet and scripts -----------------------------------------------------------------------------------

CSS_BANS = {
    "color-mix (111)": r"color-mix\(",
    "light-dark (123)": r"light-dark\(",
    "oklch (111)": r"\bok(?:lch|lab)\(",
    "relative colour (119)": r"\b(?:rgb|hsl)a?\(\s*from\b",
    ":has (105)": r":has\(",
    ":is/:where (88)": r":(?:is|where)\(",
    ":not with a list (88)": r":not\([^)]*,",
    "@layer (99)": r"@layer",
    "@container (105)": r"@container",
    "@property (85)": r"@property",
    "nesting (112)": r"&",
    "subgrid (117)": r"subgrid",
    "dvh (108)": r"\d(?:d|s|l)v[hw]\b",
    "gap without grid (84)": r"(?<![-\w])(?:row-|column-)?gap\s*:",
    "inset (87)": r"(?<![-\w])inset\s*:",
    "aspect-ratio (88)": r"(?<![-\w])aspect-ratio\s*:",
    "accent-color (93)": r"accent-color",
    "text-wrap (114)": r"text-wrap",
    ":focus-visible outside @supports (86)": r":focus-visible",
    "details[name] (120)": r"details\[name",
    "address outside": r"url\(\s*['\"]?(?:https?:)?//|@import",
}

JS_BANS = {
    ".at() (92)": r"\.at\(",
    "structuredClone (98)": r"structuredClone",
    "Object.hasOwn (93)": r"Object\.hasOwn\b",
    "toSorted and kin (110)": r"\.to(?:Sorted|Reversed|Spliced)\(",
    "findLast (97)": r"\.findLast",
    "logical assignment (85)": r"(?:\?\?|\|\||&&)=",
    "optional chaining, nullish (after ES2018)": r"\?\.(?!\d)|\?\?",
    "private names (84)": r"this\.#",
    "static blocks (94)": r"\bstatic\s*\{",
    "code from text": r"\beval\(|new Function",
    "markup from text": r"innerHTML|outerHTML|insertAdjacentHTML|document\.write",
    "inline style": r"\.style\b|setAttribute\('style'",
    "address outside": r"https?://",
}


def found(bans, text):
    return [name for name, pattern in bans.items() if re.search(pattern, text)]


@pytest.mark.parametrize("path", OWN_CSS, ids=names(OWN_CSS))
def test_own_css_is_readable_for_chromium_80(path):
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"@supports selector\(:focus-visible\)\{.*?\n\}", "", text, flags=re.DOTALL)
    assert found(CSS_BANS, text) == []
    assert text.count("{") == text.count("}")


@pytest.mark.parametrize("path", OWN_JS, ids=names(OWN_JS))
def test_own_js_is_es2018_in_a_closed_scope(path):
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL).strip()
    assert text.startswith("(function () {") and text.endswith("})();")
    assert found(JS_BANS, text) == []


@pytest.mark.parametrize(
    ("bans", "text"),
    [
        (CSS_BANS, "a{color:color-mix(in srgb,red,blue)}"),
        (CSS_BANS, ".x{display:flex;gap:4px}"),
        (CSS_BANS, "a:not(.b,.c){}"),
        (CSS_BANS, "a:focus-visible{}"),
        (CSS_BANS, ".x{height:100dvh}"),
        (JS_BANS, "a.at(-1)"),
        (JS_BANS, "a?.b"),
        (JS_BANS, "a ??= b"),
    ],
)
def test_the_bans_catch_what_they_name(bans, text):
    assert found(bans, text)


def test_grid_gap_and_plain_negation_are_allowed():
    assert found(CSS_BANS, ".x{display:grid;grid-gap:4px 2px} a:not(.b){margin:0}") == []


def tokens(block):
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6})\b", block))


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    channels = [int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("selector", [":root", "[data-bs-theme=dark]"])
def test_text_and_marks_keep_their_contrast_in_both_themes(selector):
    css = (STATIC / "app.css").read_text(encoding="utf-8")
    block = re.search(re.escape(selector) + r"\{(.*?)\n\}", css, re.DOTALL).group(1)
    token = tokens(block)
    for ground in ("bg", "surface", "surface-2", "hover"):
        for ink in ("ink", "ink-2", "ink-3", "brand-ink", "ok-ink", "warn-ink", "bad-ink"):
            assert contrast(token[ink], token[ground]) >= 4.5, (ink, ground)
    pairs = [("ok-ink", "ok-soft"), ("warn-ink", "warn-soft"), ("bad-ink", "bad-soft"), ("hol-ink", "hol-soft")]
    pairs += [("brand-ink", "brand-soft"), ("on-brand", "brand"), ("ink-2", "mute-soft")]
    for ink, ground in pairs:
        assert contrast(token[ink], token[ground]) >= 4.5, (ink, ground)
    for mark in ("ok", "warn", "bad", "brand", "field-line", "focus"):
        assert contrast(token[mark], token["surface"]) >= 3, mark
    assert contrast("#ffffff", token["bad-btn"]) >= 4.5


# --- templates -----------------------------------------------------------------------------------------------------

TEMPLATE_BANS = {
    "inline style": r"\sstyle\s*=",
    "<style>": r"<style\b",
    "inline script": r"<script\b(?![^>]*\bsrc=)",
    "on* attribute": r"<[^>]*\son[a-z]+\s*=",
    "htmx code in an attribute": r"hx-on\b|hx-on:|[\"']\s*js:|javascript:",
    "address outside": r"(?:src|href)\s*=\s*[\"'](?:https?:)?//",
    "switched-off escaping": r"\|\s*safe\b|autoescape\s+off",
}
HALF_WIDTH = re.compile(r"[一-龥][,;:()!?]|[,;:()][一-龥]")


def without_comments(text):
    return re.sub(r"\{% comment %\}.*?\{% endcomment %\}|\{#.*?#\}", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("path", PAGES, ids=names(PAGES))
def test_templates_hold_nothing_the_policy_refuses(path):
    text = without_comments(path.read_text(encoding="utf-8"))
    assert found(TEMPLATE_BANS, text) == []
    assert HALF_WIDTH.findall(text) == []


@pytest.mark.parametrize(
    "text",
    ['<p style="x">', "<script>x</script>", '<a onclick="x">', '<i hx-on:click="x">', "<style>", "{{ x|safe }}"],
)
def test_the_template_bans_catch_what_they_name(text):
    assert found(TEMPLATE_BANS, text)


def test_a_script_with_an_address_is_allowed():
    assert found(TEMPLATE_BANS, """<script src="{% static 'app.js' %}" defer></script>""") == []


def test_translations_use_full_width_punctuation():
    wrong = []
    for path in (ROOT / "locale").rglob("*.po"):
        text = path.read_text(encoding="utf-8")
        for entry in re.findall(r'^msgstr(?:\[\d\])? ((?:".*"\n?)+)', text, re.MULTILINE):
            said = "".join(re.findall(r'"(.*)"', entry))
            if HALF_WIDTH.search(said):
                wrong.append(said)
    assert wrong == []


def test_every_icon_named_anywhere_is_vendored():
    vendored = {path.stem for path in (STATIC / "icons").glob("*.svg")}
    named = set()
    for path in PAGES:
        named |= set(re.findall(r"{%\s*icon\s+[\"']([\w-]+)[\"']", path.read_text(encoding="utf-8")))
    from web.templatetags import ui

    named |= {icon for _tone, icon, _word in ui.STATUSES.values()}
    assert named - vendored == set()
