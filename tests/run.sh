#!/usr/bin/env bash
# Installs what is missing, builds everything and runs every test.
#
# Tests that want real data (AG News, the ALBERT vocabulary) find it where NEWSGENRE_DATA points: a folder with
# ag_news/test.csv, ag_news/train.csv and albert/spiece.model. Without it they are skipped, and say so.
set -euo pipefail
cd "$(dirname "$0")/.."

deploy/install_dependencies.sh

# promtool checks the metrics page. It comes with Debian's prometheus, which would start a service if it were installed.
readonly TOOLS=$PWD/build/test-tools
if ! command -v promtool >/dev/null && [ ! -x "$TOOLS/usr/bin/promtool" ]; then
  echo '== downloading promtool' >&2
  rm -rf "$TOOLS"
  mkdir -p "$TOOLS"
  (cd "$TOOLS" && apt-get download -qq prometheus && dpkg -x prometheus_*.deb . && rm prometheus_*.deb)
fi
export PATH=$PATH:$TOOLS/usr/bin

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
# Two programs at a time share the cores: OpenMP threads that wait must not spin.
OMP_WAIT_POLICY=passive ctest --preset release -j2
