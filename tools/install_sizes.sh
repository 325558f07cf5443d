#!/usr/bin/env bash
# How large an environment is with the package and each of its extras, and what is in it.
#
#   tools/install_sizes.sh [EXTRA...]     default: base report window train all
#
# Each is made in a temporary folder, which is removed. PYTHON names the interpreter.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

printf '%-8s %8s %9s %9s\n' extra MB packages seconds
for extra in "${@:-base report window train all}"; do
    for each in $extra; do
        begun=$SECONDS
        "${PYTHON:-python3}" -m venv "$folder/env"
        what=.
        [[ $each == base ]] || what=".[$each]"
        "$folder/env/bin/python" -m pip --disable-pip-version-check install --quiet "$what"
        size=$(du -sm "$folder/env" | cut -f1)
        count=$("$folder/env/bin/python" -m pip list --format=freeze 2>/dev/null | wc -l)
        printf '%-8s %8d %9d %9d\n' "$each" "$size" "$count" $((SECONDS - begun))
        rm -rf "$folder/env"
    done
done
