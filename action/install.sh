#!/usr/bin/env bash
# Make the environment that kfm-audit runs in, and say where it is (output `python`).
#
# The dependencies come from the lock, each by hash. kfm-audit itself is the action's own checkout, put on the
# path of that environment: nothing is built, so nothing is taken without a hash.
#
# Every Python is started with -I: the folder we stand in holds a pull request, and must not be imported from.
#
# KFM_AUDIT_ACTION_VENV: an environment that is complete already (runners without a package index; the tests).
# It is used as it is, and nothing is installed.
set -euo pipefail

pythonIn() {
  # Windows keeps it elsewhere.
  if [[ -x "$1/bin/python" ]]; then echo "$1/bin/python"; else echo "$1/Scripts/python.exe"; fi
}

newEnough() {
  command -v "$1" >/dev/null && "$1" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))'
}

if [[ -n "${KFM_AUDIT_ACTION_VENV:-}" ]]; then
  python="$(pythonIn "$KFM_AUDIT_ACTION_VENV")"
else
  base=""
  for candidate in "${FETCHED_PYTHON:-}" python3 python; do
    if [[ -n "$candidate" ]] && newEnough "$candidate"; then base="$candidate"; break; fi
  done
  if [[ -z "$base" ]]; then
    echo "::error title=kfm-audit::There is no Python 3.11 or newer on this runner. Set the input python-version, for example to 3.13."
    exit 2
  fi
  venv="$RUNNER_TEMP/kfm-audit-venv"
  "$base" -I -m venv --clear "$venv"
  python="$(pythonIn "$venv")"
  "$python" -I -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
    --requirement "$GITHUB_ACTION_PATH/locks/core.txt"
  "$python" -I -c 'import os, pathlib, sysconfig
pathlib.Path(sysconfig.get_path("purelib"), "kfm_audit_action.pth").write_text(os.environ["GITHUB_ACTION_PATH"] + "\n")'
fi

"$python" -I -m kfm_audit --version
echo "python=$python" >>"$GITHUB_OUTPUT"
