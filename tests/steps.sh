# Runs named steps and prints how long each took. Sourced by .ci/run, tests/run.sh and tests/nightly.sh.

step_lines=()
steps_failed=0

# step NAME COMMAND…: runs the command (a program or a function, which stops at its first error) and records its result
# and time. Returns the command's exit status. Not for use in a condition: bash would ignore errors within functions.
step() {
  local name=$1 begin=$SECONDS options=$- code result=passed
  shift
  printf '\n==== %s (%d s so far)\n' "$name" "$SECONDS"
  set +e
  (set -e; "$@")
  code=$?
  if [ "$code" -ne 0 ]; then
    result='FAILED'
    steps_failed=$((steps_failed + 1))
  fi
  step_lines+=("$(printf '%-44s %-7s %6d s' "$name" "$result" $((SECONDS - begin)))")
  case $options in *e*) set -e ;; esac
  return "$code"
}

# Prints a table of the steps so far.
print_steps() {
  printf '\n%-44s %-7s %8s\n' step result time
  printf '%s\n' "${step_lines[@]}"
  printf '%-44s %-7s %6d s\n' total '' "$SECONDS"
}

# install_tool PROGRAM PACKAGE…: installs Debian packages unless the program exists.
install_tool() {
  command -v "$1" >/dev/null && return
  local sudo=()
  [ "$(id -u)" -eq 0 ] || sudo=(sudo)
  "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${@:2}" >/dev/null
}

# Lets tests use the real data of a folder next to the repository, unless NEWSGENRE_DATA is set.
find_data() {
  if [ -z "${NEWSGENRE_DATA:-}" ] && [ -d ../shared/ag_news ]; then
    NEWSGENRE_DATA=$(cd ../shared && pwd)
    export NEWSGENRE_DATA
  fi
}
