#!/usr/bin/env bash
# Installs what EXStreamTV needs on this machine: ffmpeg, and the packages of package-lock.json.
# With --test also the players and tools that the tests use. May be run as often as you like.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

TEST_PACKAGES=(vlc-bin vlc-plugin-base mpv gstreamer1.0-tools gstreamer1.0-plugins-base
  gstreamer1.0-plugins-base-apps gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
  gstreamer1.0-plugins-ugly gstreamer1.0-libav python3)
# Some players refuse to run as root; the tests run them as this user.
TEST_USER=exstreamtv-test

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Runs a command quietly; shows what it said only when it fails.
quietly() {
  local said status=0
  said=$("$@" 2>&1) || status=$?
  if [ "$status" -ne 0 ]; then printf '%s\n' "$said" >&2; fi
  return "$status"
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"
  elif ! have sudo; then printf 'neither root nor sudo: cannot run %s\n' "$*" >&2; return 1
  elif [ -t 0 ]; then sudo "$@"
  else sudo -n "$@"
  fi
}

apt_install() {
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@")
  # The lists of packages may be absent or old: fetch them only when the first attempt fails.
  if as_root "${install[@]}" >/dev/null 2>&1; then return 0; fi
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
  quietly as_root "${install[@]}"
}

install_ffmpeg() {
  if have ffmpeg && have ffprobe; then return 0; fi
  say "installing ffmpeg"
  if have apt-get; then apt_install ffmpeg
  elif have dnf; then quietly as_root dnf install -y -q ffmpeg
  elif have pacman; then quietly as_root pacman -S --noconfirm --needed ffmpeg
  elif have brew; then quietly brew install --quiet ffmpeg
  else fail "No known package manager here: install ffmpeg 5.1 or newer (with ffprobe and libx264), then run this again."
  fi || fail "ffmpeg could not be installed: install 5.1 or newer (with ffprobe and libx264), then run this again."
}

check_node() {
  local hint="Install Node.js 20 or newer together with npm (https://nodejs.org), then run this again."
  have node || fail "Node.js was not found. $hint"
  have npm || fail "npm was not found. $hint"
  local version
  version=$(node -p process.versions.node)
  [ "${version%%.*}" -ge 20 ] || fail "Node.js $version is too old. $hint"
}

# npm ci empties node_modules first; so it runs only when the lock file has changed since the last time.
install_packages() {
  local mark=node_modules/.setup-lock options=(--no-audit --no-fund --loglevel=error) proof=node_modules/node/bin/node
  if "$with_test"; then
    options+=(--include=dev)
    proof=node_modules/.bin/vitest
  fi
  if [ -x "$proof" ] && cmp -s package-lock.json "$mark"; then return 0; fi
  say "installing packages"
  quietly npm ci "${options[@]}" ||
    fail "npm ci failed; what it said stands above."
  [ -x node_modules/node/bin/node ] ||
    fail "npm did not bring the pinned Node.js: allow install scripts (npm config set ignore-scripts false), then run this again."
  cp package-lock.json "$mark"
}

install_test_tools() {
  if ! have dpkg-query || ! have apt-get; then
    say "not a Debian: some tests need VLC, mpv, GStreamer (tools, base, good, bad, ugly, libav) and Python 3; install those yourself"
    return 0
  fi
  local missing=() package
  for package in "${TEST_PACKAGES[@]}"; do
    dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed' || missing+=("$package")
  done
  if [ "${#missing[@]}" -eq 0 ]; then return 0; fi
  say "installing ${missing[*]}"
  apt_install "${missing[@]}" || fail "The tools for the tests could not be installed."
}

make_test_user() {
  if id "$TEST_USER" >/dev/null 2>&1; then return 0; fi
  if ! have useradd; then say "no useradd here: players run as the current user"; return 0; fi
  say "making the user $TEST_USER"
  quietly as_root useradd --system --create-home --shell /bin/sh "$TEST_USER" ||
    fail "The user $TEST_USER could not be made."
}

with_test=false
for argument in "$@"; do
  case "$argument" in
    --test) with_test=true ;;
    *) fail "usage: bash scripts/setup.sh [--test]" ;;
  esac
done

check_node
install_ffmpeg
install_packages
if "$with_test"; then
  install_test_tools
  make_test_user
fi
say "ready"
