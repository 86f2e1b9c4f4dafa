#!/usr/bin/env bash
# Installs what the power tests need beside Python: a disk that is a program, and file systems.
# Needs root and apt; where there is neither, says so and ends well: the tests are skipped then.
set -uo pipefail
packages=(nbdkit nbdkit-plugin-python libnbd-bin e2fsprogs xfsprogs btrfs-progs)

lacking=()
for tool in nbdkit nbdfuse mkfs.ext4 mkfs.xfs mkfs.btrfs; do
  PATH=$PATH:/usr/sbin:/sbin command -v "$tool" > /dev/null || lacking+=("$tool")
done
if [ ${#lacking[@]} = 0 ] && nbdkit --dump-plugin python > /dev/null 2>&1; then
  echo "power: everything is installed"
  exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
  echo "power: not installed: ${lacking[*]:-nbdkit-plugin-python}; needs root and apt: ${packages[*]}"
  exit 0
fi
apt=(-qq -o Acquire::Retries=3 -o Acquire::http::Timeout=30 -o DPkg::Lock::Timeout=60)
export DEBIAN_FRONTEND=noninteractive
if ! timeout 60 apt-get "${apt[@]}" -s install "${packages[@]}" > /dev/null 2>&1; then
  timeout 120 apt-get "${apt[@]}" update || true
fi
timeout 300 apt-get "${apt[@]}" install -y --no-install-recommends "${packages[@]}" \
  > /dev/null || echo "power: could not be installed: ${packages[*]}"
exit 0
