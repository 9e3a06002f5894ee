# Sourced by the scripts beside it: where the package is, the Swift toolchain, the system packages, a checked build.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
command=$(basename "$0")

# In an empty environment bash knows a PATH and does not export it, and then the compiler finds no linker.
export PATH

say() { echo "$command: $*" >&2; }
fail() { say "$*"; exit 1; }

# What the program is built with, and what the tests and their tools need besides.
build_packages=(libyaml-dev libsodium-dev zlib1g-dev pkg-config binutils git ca-certificates)
test_packages=("${build_packages[@]}" libssl-dev libcurl4-openssl-dev libnghttp2-dev libre2-dev g++ nghttp2-client wrk
    curl openssl python3-cryptography debian-archive-keyring)

# need_packages PACKAGE...: installs those that are missing; without root says the one line that does.
need_packages() {
    local package missing=()
    if ! command -v dpkg-query >/dev/null; then
        say "this is no Debian; make sure that you have what these packages hold: $*"
        return
    fi
    for package in "$@"; do
        # shellcheck disable=SC2016
        [ "$(dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | head -n 1)" = installed ] ||
            missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ]; then
        say "some system packages are missing; run this once, then $command again:"
        echo "    sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
    say "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    # A list of another vendor that cannot be reached now is no reason to stop: what counts is the installation.
    apt-get -qq update </dev/null || say "apt-get update did not reach every source; going on"
    apt-get -qq -y --no-install-recommends install "${missing[@]}" </dev/null >/dev/null
}

# need_swift: puts the toolchain on PATH.
need_swift() {
    local folder version
    if ! command -v swift >/dev/null; then
        for folder in /opt/swift/usr/bin /usr/share/swift/usr/bin /usr/local/swift/usr/bin \
            "${HOME:-/root}/.local/share/swiftly/bin" /usr/libexec/swift/bin; do
            if [ -x "$folder/swift" ]; then
                export PATH="$folder:$PATH"
                break
            fi
        done
    fi
    command -v swift >/dev/null ||
        fail "there is no Swift toolchain on PATH; install Swift 6.3 or newer from https://www.swift.org/install/linux/"
    version=$(swift --version 2>/dev/null | sed -nE 's/.*Swift version ([0-9]+\.[0-9]+).*/\1/p' | head -n 1)
    case "$version" in
        [0-5].* | 6.[0-2]) fail "Swift $version is too old; Countersign needs 6.3 or newer" ;;
        *) ;;
    esac
}

# say_duration FOLDER WORDS: how long it takes, where nothing has been built yet.
say_duration() { if [ ! -d "$root/.build/$1" ]; then say "$2"; fi; }

# checked_build FLAGS...: swift build, in which an import that Package.swift does not declare is an error. SwiftPM says
# "Build complete!" last even then, so the errors are repeated at the end.
checked_build() {
    local log status=0
    log=$(mktemp)
    swift build --explicit-target-dependency-import-check error "$@" </dev/null 2>&1 | tee "$log" || status=$?
    if [ "$status" != 0 ] || grep -qE '(^|[[:space:]])error: ' "$log"; then
        say "the build failed:"
        grep -E '^([^[:space:]|][^|]*: )?error: ' "$log" | sort -u >&2 || tail -n 20 "$log" >&2
        rm -f "$log"
        exit 1
    fi
    rm -f "$log"
}
