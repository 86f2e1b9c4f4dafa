#!/usr/bin/env bash
# Installs what the tests of the page need beside Python: Chromium, and axe-core, which looks for
# what people cannot read or reach. Where there is no root, apt or npm, says so and ends well: the
# tests are skipped then.
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
to=$root/.cache/page
axe=4.14.1
sum=29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c

if ! command -v chromium chromium-browser google-chrome > /dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    apt=(-qq -o Acquire::Retries=3 -o Acquire::http::Timeout=30 -o DPkg::Lock::Timeout=60)
    packages=(chromium fonts-dejavu-core)
    export DEBIAN_FRONTEND=noninteractive
    if ! timeout 60 apt-get "${apt[@]}" -s install "${packages[@]}" > /dev/null 2>&1; then
      timeout 120 apt-get "${apt[@]}" update || true
    fi
    timeout 400 apt-get "${apt[@]}" install -y --no-install-recommends "${packages[@]}" \
      > /dev/null || echo "page: could not be installed: ${packages[*]}"
  else
    echo "page: not installed: chromium; needs root and apt"
  fi
fi

if [ "$(cat "$to/version" 2> /dev/null)" != "$axe" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  if command -v npm > /dev/null && (cd "$work" && timeout 120 npm pack -s "axe-core@$axe") \
    > /dev/null 2>&1; then
    mkdir -p "$to"
    tar -xzOf "$work/axe-core-$axe.tgz" package/axe.min.js > "$to/axe.min.js" \
      && echo "$sum  $to/axe.min.js" | sha256sum -c --quiet && echo "$axe" > "$to/version"
  else
    echo "page: not installed: axe-core; needs npm"
  fi
fi
command -v chromium > /dev/null && [ -s "$to/axe.min.js" ] && echo "page: everything is installed"
exit 0
