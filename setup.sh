#!/usr/bin/env bash
# Prepares a Debian or Ubuntu machine and builds Convoy: system packages, the Python environment .venv,
# build/release. What is there already is left alone: a second run takes a second.
#
#   ./setup.sh [--test] [TARGET...]
#
# --test adds what the tests need, from PyPI and for arm64, and an SSH server where no service manager would start it.
# Without targets everything is built. As many compilers run at once as there are processors and memory for them, or as
# many as CMAKE_BUILD_PARALLEL_LEVEL says.

set -euo pipefail
root=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
cd -- "$root"
log=build/setup.log
source .ci/phases.sh

export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

packages=(clang coinor-libclp-dev g++ git libbenchmark-dev libcli11-dev libgmock-dev libgtest-dev libprotobuf-dev
          libsqlitecpp-dev libxgboost-dev llvm nlohmann-json3-dev protobuf-compiler)
# What links arm64 programs, and runs them and those for other x86-64 CPUs.
cross_packages=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static)
# OpenCL on the CPU.
opencl_packages=(ocl-icd-opencl-dev pocl-opencl-icd)
# llvm-mca, whose tests are skipped where the system has no such package.
optional_packages=()
# The tests start a server of their own; on a machine with systemd the package would start one for everybody.
ssh_packages=(openssh-client openssh-server)
python_packages=(python3 python3-venv)
versions="3.11 to 3.13" # those that all pinned packages have wheels for
usable='import sys; assert (3, 11) <= sys.version_info[:2] <= (3, 13)'

main() {
    local requirements=(requirements-build.txt) targets=()
    for argument in "$@"; do
        case $argument in
            --test)
                requirements+=(requirements-test.txt)
                packages+=("${cross_packages[@]}" "${opencl_packages[@]}")
                optional_packages=(llvm-19)
                [ -d /run/systemd/system ] || packages+=("${ssh_packages[@]}")
                ;;
            -h | --help) usage && exit ;;
            -*) fail "unknown option $argument, expected --test" ;;
            *) targets+=("$argument") ;;
        esac
    done
    [ "$(uname -sm)" = "Linux x86_64" ] || fail "this is $(uname -sm), expected Linux x86_64"
    mkdir -p build
    : >"$log"
    install_packages
    make_venv
    for file in "${requirements[@]}"; do install_requirements "$file"; done
    PATH=$root/.venv/bin:$PATH
    configure
    build "${targets[@]}"
}

usage() { sed -n '2,/^$/s/^# \{0,1\}//p' setup.sh; }

# --- system packages ---

# The packages of "$@" that are not installed, in `missing`.
find_missing() {
    local package installed
    installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
    missing=()
    for package in "$@"; do
        case $'\n'$installed$'\n' in
            *$'\n'"$package installed"$'\n'*) ;;
            *) missing+=("$package") ;;
        esac
    done
}

# Adds to `wanted` the optional packages that the system knows.
want_known_packages() {
    local package
    for package in "${optional_packages[@]}"; do
        if apt-cache show "$package" >/dev/null 2>&1; then wanted+=("$package"); fi
    done
}

install_packages() {
    local wanted=("${packages[@]}") missing
    venv_is_ours || find_python || wanted+=("${python_packages[@]}")
    if ! command -v dpkg-query >/dev/null; then
        say packages "not checked: this is neither Debian nor Ubuntu; needed are ${wanted[*]}"
        return
    fi
    want_known_packages
    find_missing "${wanted[@]}"
    if [ ${#missing[@]} -gt 0 ]; then
        become_root
        export DEBIAN_FRONTEND=noninteractive
        local apt=("${as_root[@]}" apt-get -o DPkg::Lock::Timeout=300)
        phase packages "${apt[@]}" update
        want_known_packages
        find_missing "${wanted[@]}"
        phase packages "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
        find_missing "${wanted[@]}"
        [ ${#missing[@]} -eq 0 ] || fail "these packages could not be installed: ${missing[*]}"
    fi
    say packages "${#wanted[@]} installed"
}

become_root() {
    as_root=()
    [ "$(id -u)" -eq 0 ] && return
    local advice="run as root: apt-get update && apt-get install -y ${missing[*]}"
    command -v sudo >/dev/null || fail "packages are missing and there is no sudo; $advice"
    # A password can be asked for on a terminal only.
    if [ -t 0 ] && [ -t 1 ]; then
        sudo -v || fail "packages are missing and sudo refused; $advice"
    else
        sudo -n true 2>/dev/null || fail "packages are missing and sudo wants a password; $advice"
    fi
    as_root=(sudo env DEBIAN_FRONTEND=noninteractive)
}

# --- the Python environment ---

# A Python that can make environments, in `python`: its own program, not a shim's or an active environment's.
find_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11 /usr/bin/python3; do
        python=$("$name" -c "$usable; import ensurepip, venv; print(sys._base_executable)" 2>/dev/null) || continue
        [ -x "$python" ] && return
    done
    return 1
}

# Whether .venv works and was made here, not copied or moved from elsewhere.
venv_is_ours() {
    [ -f .venv/bin/activate ] && .venv/bin/python -c "$usable" 2>/dev/null &&
        grep -qF -e "$root/.venv" -e "$(readlink -f .venv)" .venv/bin/activate
}

make_venv() {
    venv_is_ours && return
    if [ -e .venv ] || [ -L .venv ]; then
        say python ".venv is broken or from elsewhere: making it anew"
        rm -rf .venv
    fi
    find_python || fail "no Python $versions with venv and ensurepip, which apt-get can install on Debian 12" \
        "and Ubuntu 24.04; install one and run this again"
    phase python "$python" -m venv .venv
}

install_requirements() {
    local file=$1 stamp=.venv/$1.sha256 sum
    sum=$(cat requirements-*.txt | sha256sum)
    if [ "$(cat "$stamp" 2>/dev/null)" != "$sum" ]; then
        phase python .venv/bin/python -m pip install --only-binary :all: -r "$file"
        printf '%s\n' "$sum" >"$stamp"
    fi
    say python ".venv: $file"
}

# --- the build ---

# Everything that a configured build depends on and ninja does not see.
configuration() { { printf '%s\n' "$root" && cat CMakePresets.json .venv/pyvenv.cfg .venv/*.sha256; } | sha256sum; }

configure() {
    local stamp=build/release/configuration.sha256
    if [ ! -f build/release/build.ninja ] || [ "$(cat "$stamp" 2>/dev/null)" != "$(configuration)" ]; then
        phase configure cmake --fresh --preset release
        configuration >"$stamp"
    fi
    say configure build/release
}

# A compiler needs up to 1.5 GB.
jobs() {
    local kib fitting
    kib=$(awk '/^MemAvailable/ {print $2}' /proc/meminfo)
    fitting=$((kib / 1500000))
    [ "$fitting" -ge 1 ] || fitting=1
    printf '%s\n' $((fitting < $(nproc) ? fitting : $(nproc)))
}

build() {
    local target=(--target "$@")
    [ $# -gt 0 ] || target=()
    phase build cmake --build --preset release -j "${CMAKE_BUILD_PARALLEL_LEVEL:-$(jobs)}" "${target[@]}"
    say build "${*:-all}, $phase_seconds s"
}

main "$@"
