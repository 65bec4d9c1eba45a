#!/bin/sh
# Fetch the tools of other people that some tests call, into a folder outside the repository.
# Usage: tests/tools/install.sh [FOLDER]; tests look in $KFM_AUDIT_TOOLS, else in ~/.cache/kfm-audit-tools.
set -eu
# Spark needs Java 17 or later, which distributions package; the tests that call Spark say so where there is none.
if ! command -v java > /dev/null && command -v apt-get > /dev/null && [ "$(id -u)" = 0 ]; then
  { apt-get update && apt-get install --yes --no-install-recommends default-jre-headless; } \
    || echo "Java could not be installed: the tests of Spark are skipped" >&2
fi
folder=${1:-${KFM_AUDIT_TOOLS:-$HOME/.cache/kfm-audit-tools}}
mkdir -p "$folder"
npm install --prefix "$folder" --no-fund --no-audit --ignore-scripts @microsoft/sarif-multitool-linux@5.7.0
# Its install script does only this; newer versions of npm do not run install scripts.
chmod u+x "$folder/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"
