#!/usr/bin/env bash
# Fetches test files that nobody here wrote: TOML, pictures and odd headers, out of packages.
# They are never part of this repository. Usage: tests/corpora/install.sh [again]
#   SEEDANCE_CORPORA  where they go; default: .cache/corpora in the checkout
#   PYTHON            whose pip fetches source distributions; default: python3
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
to=${SEEDANCE_CORPORA:-$root/.cache/corpora}
python=${PYTHON:-python3}
debian=(golang-github-burntsushi-toml-dev golang-golang-x-image-dev)
sources=(pillow==13.0.0 pi-heif==1.4.0 imagesize==2.0.1 filetype==1.2.0 puremagic==1.30)
wanted='.*\.\(toml\|png\|apng\|jpe?g\|jfif\|gif\|bmp\|dib\|webp\|tiff?\|avifs?\|hei[cf]s?\|hif\|jp2\|j2k\|jpx\|jpf\|pnm\|pgm\|ppm\|tga\|ico\|psd\|dng\|svg\|mp4\|mov\)'

stamp="$(cksum < "$0") ${sources[*]}"
if [ "${1:-}" != again ] && [ "$(cat "$to/complete" 2>/dev/null)" = "$stamp" ]; then
  echo "corpora: already in $to"
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

# Apt's own lists where there are any, else lists of our own: neither needs to be root.
apt=(-o Acquire::Retries=3 -o Acquire::http::Timeout=30)
if ! apt-cache show "${debian[@]}" golang-src > "$work/known" 2>&1; then
  mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial"
  apt+=(-o "Dir::State::lists=$work/apt/lists" -o "Dir::Cache=$work/apt/cache")
  timeout 120 apt-get "${apt[@]}" -qq update
fi
go=$(apt-cache "${apt[@]}" depends golang-src | grep -o -m 1 'golang-[0-9.]*-src')
mkdir "$work/deb" "$work/pip" "$work/all"
(cd "$work/deb" && timeout 180 apt-get "${apt[@]}" -qq download "${debian[@]}" "$go" 2> "$work/said") \
  || { cat "$work/said" >&2; exit 1; }
for file in "$work"/deb/*.deb; do
  name=$(basename "$file"); name=${name%%_*}
  [ "$name" = "$go" ] && name=go
  dpkg-deb -x "$file" "$work/all/$name"
done

names=$(printf '%s,' "${sources[@]%%==*}")
timeout 300 "$python" -m pip download --quiet --quiet --disable-pip-version-check --retries 3 \
  --no-deps --no-binary "${names%,}" --dest "$work/pip" "${sources[@]}"
for file in "$work"/pip/*.tar.gz; do
  name=$(basename "$file"); name=${name%-*}
  mkdir "$work/all/$name"
  tar -xzf "$file" -C "$work/all/$name" --no-same-owner
done

# CPython's own TOML files, where an interpreter of this machine was installed with its tests.
while read -r stdlib; do
  [ -d "$stdlib/test/test_tomllib/data" ] || continue
  mkdir -p "$work/all/cpython" && cp -r "$stdlib/test/test_tomllib/data/." "$work/all/cpython"
done < <(for each in python3 python3.{11..15}; do
  "$each" -c 'import sysconfig; print(sysconfig.get_path("stdlib"))' 2>/dev/null || true
done)

mkdir -p "$to"
rm -rf "$to/complete" "$to/files"
(cd "$work/all" && find . -type f -iregex "$wanted" -print0 | tar -cf - --null -T -) \
  | (mkdir "$to/files" && tar -xf - -C "$to/files")
echo "$stamp" > "$to/complete"
for each in "$to"/files/*; do
  echo "corpora: $(find "$each" -type f | wc -l) files of $(basename "$each")"
done
