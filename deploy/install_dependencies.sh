#!/usr/bin/env bash
# Installs the dependencies: Debian packages, and under build/deps LibTorch (from PyTorch's wheel) and sentencepiece (built
# from source). Skips what is already installed.
#
# usage: deploy/install_dependencies.sh [--cuda]
#   --cuda   also installs the CUDA libraries that LibTorch needs on a GPU (about 3 GB; needs driver 580 or newer)
set -euo pipefail
cd "$(dirname "$0")/.."

readonly TORCH=2.11.0 SENTENCEPIECE=0.2.1
# The other wheels contain the libraries that libtorch_cpu.so needs and the headers for the CUDA preset.
readonly TORCH_WHEELS=("torch==$TORCH"
  nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85 nvidia-cuda-crt==13.0.88)
readonly DEPS=$PWD/build/deps
readonly PACKAGES=(
  build-essential cmake ninja-build python3 python3-venv ca-certificates
  libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc libabsl-dev
  prometheus-cpp-dev nlohmann-json3-dev libssl-dev libicu-dev liblzma-dev
  libgtest-dev libgmock-dev libcurl4-openssl-dev
)

say() { printf '== %s\n' "$*" >&2; }
fail() { printf 'install_dependencies: %s\n' "$*" >&2; exit 1; }

cuda=false
for argument in "$@"; do
  case $argument in
    --cuda) cuda=true ;;
    *) fail "unknown argument '$argument'; the only valid one is --cuda" ;;
  esac
done

require_debian_12() {
  local id='' version=''
  if [ -r /etc/os-release ]; then
    id=$(. /etc/os-release && echo "${ID:-}")
    version=$(. /etc/os-release && echo "${VERSION_ID:-}")
  fi
  [ "$id $version" = 'debian 12' ] && return
  fail "this script supports Debian 12 only; this system is '${id:-unknown} ${version:-}'.
The project needs:
  g++ 12 or newer (C++17), cmake 3.25, ninja, Python 3.11 with venv
  gRPC 1.51 (with grpc_cpp_plugin) and Protobuf 3.21 (with protoc) with their CMake packages,
  Abseil 20220623, prometheus-cpp 1.0 (core and pull),
  nlohmann-json 3.11, OpenSSL 3, ICU 72 (its Unicode tables), liblzma 5.4, GoogleTest 1.12 (with GoogleMock), libcurl 7
  LibTorch $TORCH (-DLIBTORCH_ROOT=FOLDER, the folder with include/ and lib/)
  sentencepiece $SENTENCEPIECE, built as static libraries with the same Protobuf
    (-DSENTENCEPIECE_ROOT=FOLDER, the folder with include/ and lib/)
Install these and build with:
  cmake --preset release -DLIBTORCH_ROOT=FOLDER -DSENTENCEPIECE_ROOT=FOLDER && cmake --build --preset release"
}

install_packages() {
  local missing=() package
  for package in "${PACKAGES[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  say "installing Debian packages: ${missing[*]}"
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "sudo is missing; run as root: apt-get install ${missing[*]}"
    sudo=(sudo)
  fi
  "${sudo[@]}" apt-get update -qq || fail 'apt-get update failed; check the network connection'
  local log=$DEPS/apt.log
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
    >"$log" 2>&1 || { tail -n 20 "$log" >&2; fail "apt-get could not install: ${missing[*]}"; }
}

# once STAMP COMMAND…: runs COMMAND unless the file STAMP exists, and creates STAMP on success. STAMP is in the folder that
# COMMAND creates, so that both are removed together.
once() {
  local stamp=$1
  shift
  [ -e "$stamp" ] && return
  "$@"
  touch "$stamp"
}

install_libtorch() {
  say "downloading LibTorch (torch $TORCH, about 550 MB)"
  rm -rf "$DEPS/venv"
  /usr/bin/python3 -m venv "$DEPS/venv"
  "$DEPS/venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps "${TORCH_WHEELS[@]}" ||
    fail "pip could not install torch $TORCH; check the network connection"
  (cd "$DEPS" && ln -sfn venv/lib/python3*/site-packages/torch libtorch)
}

install_cuda_libraries() {
  say 'downloading the CUDA libraries (about 3 GB)'
  "$DEPS/venv/bin/python" -m pip install -q --disable-pip-version-check "torch==$TORCH" ||
    fail 'pip could not install the CUDA libraries; check the network connection'
}

# Debian's libsentencepiece contains a second copy of protobuf, which breaks processes that also load gRPC's.
install_sentencepiece() {
  say "building sentencepiece $SENTENCEPIECE"
  local work=$DEPS/sentencepiece-work prefix=$DEPS/sentencepiece
  rm -rf "$work" "$prefix"
  mkdir -p "$work" "$prefix/include" "$prefix/lib"
  "$DEPS/venv/bin/python" -m pip download -q --disable-pip-version-check --no-deps --no-binary :all: -d "$work" \
    "sentencepiece==$SENTENCEPIECE" || fail "pip could not download sentencepiece $SENTENCEPIECE"
  tar -xzf "$work/sentencepiece-$SENTENCEPIECE.tar.gz" -C "$work"
  local source
  source=$(dirname "$(find "$work" -path '*src/sentencepiece_processor.h' | head -n 1)")/..
  cmake -S "$source" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DSPM_ENABLE_SHARED=OFF \
    -DSPM_PROTOBUF_PROVIDER=package -DSPM_ENABLE_TCMALLOC=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
    >"$work/log" 2>&1 &&
    cmake --build "$work/build" --target sentencepiece-static sentencepiece_train-static >>"$work/log" 2>&1 ||
    { tail -n 30 "$work/log" >&2; fail "building sentencepiece failed; the log is $work/log"; }
  cp "$source"/src/sentencepiece_{processor,trainer}.h "$prefix/include/"
  find "$work/build" -name 'libsentencepiece*.a' -exec cp {} "$prefix/lib/" \;
  mv "$work/log" "$prefix/build.log"
  rm -rf "$work"
}

require_debian_12
mkdir -p "$DEPS"
install_packages
once "$DEPS/venv/.$(IFS=+ && echo "${TORCH_WHEELS[*]}")" install_libtorch
once "$DEPS/sentencepiece/.$SENTENCEPIECE" install_sentencepiece
if $cuda; then once "$DEPS/venv/.cuda" install_cuda_libraries; fi
say "the dependencies are installed in build/deps"
