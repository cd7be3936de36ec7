#!/usr/bin/env bash
# Installs the system packages that are missing, through the system's package manager, where that
# is possible without a question; otherwise says exactly which are missing, and stops.
#
#   scripts/system-packages.sh render   what Manim needs (make demo, make lab)
#   scripts/system-packages.sh test     that, a browser and LaTeX (make test)
set -euo pipefail

purpose=${1:-render}
say() { printf '[setup] %s\n' "$*"; }

debian_render=(build-essential pkg-config python3-dev python3-venv libcairo2-dev libpango1.0-dev)
debian_test=(bubblewrap chromium fonts-dejavu-core texlive-latex-base texlive-latex-recommended texlive-latex-extra
  texlive-fonts-recommended cm-super dvisvgm)
brew_render=(cairo pango pkgconf)

on_debian() {
  local wanted=("${debian_render[@]}") missing=() sudo=()
  [ "$purpose" = test ] && wanted+=("${debian_test[@]}")
  for package in "${wanted[@]}"; do
    # A tool that is already there from elsewhere is as good as its package.
    case $package in
      chromium) command -v chromium >/dev/null && continue ;;
      bubblewrap) command -v bwrap >/dev/null && continue ;;
      dvisvgm) command -v dvisvgm >/dev/null && continue ;;
      python3-dev | python3-venv) "${PYTHON:-python3}" "${0%/*}/python-headers.py" && continue ;;
    esac
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  if [ "$(id -u)" -ne 0 ]; then
    if sudo -n true 2>/dev/null; then sudo=(sudo -n); else
      say "these system packages are missing, and this account may not install them:"
      say "  sudo apt-get install --no-install-recommends ${missing[*]}"
      exit 1
    fi
  fi
  say "installing system packages: ${missing[*]} (LaTeX takes a minute or two)"
  export DEBIAN_FRONTEND=noninteractive
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

on_mac() {
  local missing=()
  if ! command -v brew >/dev/null; then
    say "Homebrew is missing; install it, or cairo, pango and pkg-config in another way."
    exit 1
  fi
  for package in "${brew_render[@]}"; do
    brew list --formula "$package" >/dev/null 2>&1 || missing+=("$package")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    say "installing with Homebrew: ${missing[*]}"
    NONINTERACTIVE=1 brew install --quiet "${missing[@]}"
  fi
  [ "$purpose" = test ] || return 0
  command -v latex >/dev/null || { say "LaTeX is missing: brew install --cask mactex-no-gui"; exit 1; }
  [ -d "/Applications/Chromium.app" ] || [ -d "/Applications/Google Chrome.app" ] ||
    { say "a browser is missing: brew install --cask google-chrome"; exit 1; }
}

elsewhere() {
  local missing=()
  command -v pkg-config >/dev/null || missing+=(pkg-config)
  for library in cairo pango; do
    pkg-config --exists "$library" 2>/dev/null || missing+=("$library (with its headers)")
  done
  if [ "$purpose" = test ]; then
    for tool in chromium latex dvisvgm; do command -v "$tool" >/dev/null || missing+=("$tool"); done
  fi
  [ ${#missing[@]} -eq 0 ] && return
  say "please install with this system's package manager: ${missing[*]}"
  exit 1
}

if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then on_debian
elif [ "$(uname)" = Darwin ]; then on_mac
else elsewhere; fi
