# Sourced by bin/start and bin/test: Debian packages, Python 3.11, the virtual environment. Needs bash.
# Every step says what it does, does nothing when there is nothing to do, and stops with the remedy otherwise.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$ROOT"
export LC_ALL=C.UTF-8 PYTHONUTF8=1 PIP_DISABLE_PIP_VERSION_CHECK=1

say() { printf '== %s\n' "$*"; }
die() {
    printf '\n!! %s\n' "$1" >&2
    shift
    for line in "$@"; do printf '   %s\n' "$line" >&2; done
    exit 1
}

# WeasyPrint loads pangoft2 (which brings pango, harfbuzz, fontconfig and glib) and harfbuzz-subset (without it
# a form takes 17 s instead of 0.3 s); python-magic loads libmagic.
RUN_PACKAGES=(libpangoft2-1.0-0 libharfbuzz-subset0 libmagic1)

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# need_packages NAME…: as root installs what is missing, otherwise prints the command and stops.
need_packages() {
    local missing=() name
    command -v dpkg-query >/dev/null || die "This is not a Debian system." \
        "Install the equivalents of: $*" "then set SKIP_PACKAGES=1 and start again."
    for name in "$@"; do installed "$name" || missing+=("$name"); done
    [ ${#missing[@]} -eq 0 ] && return
    if [ "$(id -u)" -eq 0 ]; then
        say "Installing Debian packages: ${missing[*]}"
        export DEBIAN_FRONTEND=noninteractive
        { apt-get -qq update && apt-get -qq -y --no-install-recommends install "${missing[@]}"; } >/dev/null </dev/null ||
            die "apt-get could not install: ${missing[*]}" "Look at its message above, then start again."
    else
        die "Debian packages are missing. Run this once, then start again:" \
            "sudo apt-get install --no-install-recommends ${missing[*]}"
    fi
}

# A Python 3.11 that can make virtual environments: the system's first, then whatever the PATH or pyenv holds.
find_python() {
    local candidate
    while read -r candidate; do
        if [ -x "$candidate" ] && "$candidate" -c \
            'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1; then
            printf '%s\n' "$candidate"
            return
        fi
    done < <(
        echo /usr/bin/python3.11
        type -aP python3.11 python3 2>/dev/null
        ls -d "$HOME"/.pyenv/versions/3.11*/bin/python3.11 2>/dev/null
    )
    return 1
}

# What must be installed for Python itself, in one go with the rest: nothing where a usable 3.11 is found.
python_packages() {
    .venv/bin/python -c '' 2>/dev/null || find_python >/dev/null || echo python3 python3-venv
}

# make_venv LOCK…: .venv with exactly these hash-locked requirement files; skipped while the files are unchanged.
make_venv() {
    local python stamp=.venv/.installed digest
    if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
        python="$(find_python)" || die "No Python 3.11 with venv and ensurepip." \
            "Debian 12 has it as python3 and python3-venv; elsewhere install Python 3.11 and start again."
        say "Creating .venv with $python"
        rm -rf .venv
        "$python" -m venv .venv
    fi
    digest="$(cat "$@" | sha256sum | cut -d' ' -f1)"
    # A superset (bin/test's) satisfies bin/start: each line of the stamp is one set already installed.
    if ! grep -qx "$digest" "$stamp" 2>/dev/null; then
        say "Installing the locked Python packages ($*)"
        .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
        local arguments=() file
        for file in "$@"; do arguments+=(-r "$file"); done
        .venv/bin/python -m pip install --quiet --require-hashes "${arguments[@]}" </dev/null ||
            die "pip could not install the locked packages." "Check the network or your package index, then start again."
        if [ "${1-}" = requirements.txt ] && [ $# -gt 1 ]; then
            { sha256sum <requirements.txt | cut -d' ' -f1; echo "$digest"; } >"$stamp"
        else
            echo "$digest" >"$stamp"
        fi
    fi
    export PATH="$ROOT/.venv/bin:$PATH"
}
