#!/usr/bin/env bash
# Installs what is missing, builds everything and runs every test.
#
# Tests that want real data (AG News, the ALBERT vocabulary) find it where NEWSGENRE_DATA points: a folder with
# ag_news/test.csv, ag_news/train.csv and albert/spiece.model. Without it they are skipped, and say so.
set -euo pipefail
cd "$(dirname "$0")/.."

deploy/install_dependencies.sh

# promtool checks the metrics page; it comes with Debian's prometheus.
if ! command -v promtool >/dev/null; then
  sudo=(); [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends prometheus >/dev/null
fi

# The real libraries that ours are compared with, in an environment of their own.
readonly VENV=build/test-venv
if ! cmp -s tests/requirements.txt "$VENV/requirements.txt"; then
  echo '== installing the Python packages that tests compare with' >&2
  rm -rf "$VENV"
  /usr/bin/python3 -m venv "$VENV"
  "$VENV/bin/pip" install -q --disable-pip-version-check -r tests/requirements.txt
  cp tests/requirements.txt "$VENV/"
fi

cmake --preset release
cmake --build --preset release
ctest --preset release -j2
