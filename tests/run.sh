#!/usr/bin/env bash
# Installs what is missing, builds everything, runs every test, and prints the time of each step. Starts no services.
#
# Some tests need real data (AG News, the ALBERT vocabulary). NEWSGENRE_DATA names a folder with ag_news/test.csv,
# ag_news/train.csv and albert/spiece.model. Without it these tests are skipped, and CTest lists them.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/steps.sh
trap print_steps EXIT

# promtool checks the metrics endpoint's output. Debian's prometheus package contains it, but installing that package would
# start a service.
readonly TOOLS=$PWD/build/test-tools
install_promtool() {
  if command -v promtool >/dev/null || [ -x "$TOOLS/usr/bin/promtool" ]; then return; fi
  echo '== downloading promtool' >&2
  rm -rf "$TOOLS"
  mkdir -p "$TOOLS"
  (cd "$TOOLS" && apt-get download -qq prometheus && dpkg -x prometheus_*.deb . && rm prometheus_*.deb)
}

# The reference libraries, in an environment of their own.
readonly VENV=build/test-venv
install_python_packages() {
  if cmp -s tests/requirements.txt "$VENV/requirements.txt"; then return; fi
  echo '== installing the Python packages that tests compare with' >&2
  rm -rf "$VENV"
  /usr/bin/python3 -m venv "$VENV"
  "$VENV/bin/pip" install -q --disable-pip-version-check -r tests/requirements.txt
  cp tests/requirements.txt "$VENV/"
}

install_everything() {
  deploy/install_dependencies.sh
  install_promtool
  install_python_packages
}

build() {
  cmake --preset release
  cmake --build --preset release
}

# Two tests at a time share the cores: OpenMP threads that wait must not spin.
run_tests() { PATH=$PATH:$TOOLS/usr/bin OMP_WAIT_POLICY=passive ctest --preset release -j2; }

step 'install what is missing' install_everything
step 'build' build
step 'tests' run_tests
