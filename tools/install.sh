#!/usr/bin/env bash
# Make ready what `make demo` and `make test` need, all of it again at no cost when it is there:
#   1. system libraries for Qt's window and a display in memory (Debian and Ubuntu, where we may);
#   2. a virtual environment with the package (editable, extra `all`) and a dependency group.
#
#   tools/install.sh [GROUP...]     groups of pyproject.toml; default: dev
#
# PYTHON names the interpreter (3.11 to 3.13), VENV the environment's folder (.venv).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly VENV=${VENV:-.venv}
readonly OLDEST_PYTHON=3.11 NEWEST_PYTHON=3.13 # what TensorFlow has wheels for
readonly OLDEST_PIP=25.1                       # the first that knows --group

say() { printf '%s\n' "install: $*"; }
warn() { printf '%s\n' "install: $*" >&2; }
die() {
    warn "$@"
    exit 1
}

# --- system packages ------------------------------------------------------------------------------

# What to look for, and the Debian package that has it. Libraries are looked up by their soname and
# not by package, because newer releases rename packages (libglib2.0-0t64).
needed_on_linux() {
    cat <<'TABLE'
Xvfb                      xvfb
xauth                     xauth
libEGL.so.1               libegl1
libGL.so.1                libgl1
dri/                      libgl1-mesa-dri
libxkbcommon-x11.so.0     libxkbcommon-x11-0
libxcb-cursor.so.0        libxcb-cursor0
libxcb-icccm.so.4         libxcb-icccm4
libxcb-image.so.0         libxcb-image0
libxcb-keysyms.so.1       libxcb-keysyms1
libxcb-randr.so.0         libxcb-randr0
libxcb-render-util.so.0   libxcb-render-util0
libxcb-shape.so.0         libxcb-shape0
libxcb-xinerama.so.0      libxcb-xinerama0
libxcb-xkb.so.1           libxcb-xkb1
libdbus-1.so.3            libdbus-1-3
libglib-2.0.so.0          libglib2.0-0
libfontconfig.so.1        libfontconfig1
TABLE
}

has_mesa_drivers() { compgen -G '/usr/lib*/dri/*_dri.so' || compgen -G '/usr/lib/*/dri/*_dri.so'; }

# Whether one thing of the table is there; $2 holds what the dynamic linker knows.
is_there() {
    case $1 in
    *.so.*) [[ $2 == *"$1 "* ]] ;;
    dri/) has_mesa_drivers >/dev/null ;;
    *) command -v "$1" >/dev/null ;;
    esac
}

missing_packages() {
    local known thing package
    known=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null || true)
    needed_on_linux | while read -r thing package; do
        is_there "$thing" "$known" || printf '%s ' "$package"
    done
}

# The prefix that makes a command run as root: nothing, sudo, or (status 1) there is none.
as_root() {
    if [[ $(id -u) == 0 ]]; then
        return 0
    fi
    command -v sudo >/dev/null && sudo -n true 2>/dev/null && echo "sudo -n"
}

# Install Debian packages; status 1 where we may not or it fails.
apt_install() {
    local root
    command -v apt-get >/dev/null || return 1
    root=$(as_root) || return 1
    say "installing system packages: $*"
    # shellcheck disable=SC2086  # $root is empty or two words
    {
        $root apt-get -qq update &&
            $root env DEBIAN_FRONTEND=noninteractive \
                apt-get -qq install --yes --no-install-recommends "$@" >/dev/null
    }
}

apt_command() { echo "sudo apt-get update && sudo apt-get install --yes $*"; }

install_system_packages() {
    local missing
    [[ $(uname -s) == Linux ]] || return 0
    missing=$(missing_packages)
    # shellcheck disable=SC2086  # one word per package
    if [[ -n $missing ]] && ! apt_install $missing; then
        unmet=$missing
    fi
}

# Said last, so that it is not lost above pip's output. Not fatal: the command line needs no window.
tell_unmet() {
    [[ -n $unmet ]] || return 0
    warn "the window and its tests need system packages that could not be installed. Run:"
    # shellcheck disable=SC2086
    warn "    $(apt_command $unmet)"
    warn "or, where there is no apt-get, your system's packages of the same names."
}

# --- Python ---------------------------------------------------------------------------------------

is_supported_python() {
    "$1" -c "import sys; v = sys.version_info[:2]; sys.exit(not (
        (${OLDEST_PYTHON/./, }) <= v <= (${NEWEST_PYTHON/./, })))" 2>/dev/null
}

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
        if is_supported_python "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    die "no Python $OLDEST_PYTHON to $NEWEST_PYTHON found (tried: ${PYTHON:-python3.11," \
        "python3.12, python3.13, python3}). Install one, or name it: make install PYTHON=..."
}

# Debian keeps ensurepip, which fills a new environment with pip, in a package of its own.
ensure_venv_module() {
    local package
    if "$1" -c 'import ensurepip, venv' 2>/dev/null; then
        return
    fi
    package=$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    apt_install "$package" || die "$1 cannot make virtual environments. Run:
    $(apt_command "$package")
and then this again."
}

make_venv() {
    local python
    if ! "$VENV/bin/python" -c pass 2>/dev/null; then # not there, or its interpreter is gone
        python=$(find_python)
        ensure_venv_module "$python"
        say "making $VENV with $("$python" --version)"
        "$python" -m venv --clear "$VENV"
    fi
    is_supported_python "$VENV/bin/python" || die "$VENV has $("$VENV/bin/python" --version)," \
        "expected $OLDEST_PYTHON to $NEWEST_PYTHON. Move it away and run this again."
    # uv makes environments without pip
    "$VENV/bin/python" -c 'import pip' 2>/dev/null || "$VENV/bin/python" -m ensurepip --upgrade
}

pip() { "$VENV/bin/python" -m pip --disable-pip-version-check "$@"; }

# --compile: without bytecode every start of TensorFlow takes 7 to 10 seconds more.
install_package() {
    local group options=()
    for group in "$@"; do
        options+=(--group "$group")
    done
    say "installing napari-emseg and what it needs into $VENV (the first time some minutes)"
    pip install --quiet --upgrade "pip>=$OLDEST_PIP"
    pip install --compile --editable '.[all]' "${options[@]}"
}

# --- all of it ------------------------------------------------------------------------------------

# Changes when the environment must be filled again: other requirements, another folder (the
# editable install and the scripts hold its path), another interpreter.
fingerprint() {
    pwd -P
    cksum <pyproject.toml
    "$VENV/bin/python" --version
}

fill_venv() {
    local stamp
    stamp=$VENV/.installed-$(echo "$*" | tr ' ' '-')
    make_venv
    if [[ -f $stamp && $(<"$stamp") == "$(fingerprint)" ]]; then
        return
    fi
    install_package "$@"
    fingerprint >"$stamp"
    say "done"
}

main() {
    unmet=
    install_system_packages
    fill_venv "${@:-dev}"
    tell_unmet
}

main "$@"
