#!/usr/bin/env bash
# A wheel on a bare Debian 12: Python, pip and no compiler, in a folder that debootstrap fills and that is removed at the end. The demo
# and the suite run there. Needs root, debootstrap, and the wheel of Debian's own Python, 3.11; arguments after it go to pytest.
#
#   bash ci/bare_debian.sh dist/adlcore-*-cp311-*manylinux*.whl
set -euo pipefail
wheel=$(cd "$(dirname "${1:?the wheel for Python 3.11}")" && pwd)/$(basename "$1")
shift
cd "$(dirname "$0")/.."
command -v debootstrap >/dev/null || { echo "needed: debootstrap (apt-get install debootstrap)" >&2; exit 1; }

# Its mounts are its own: they end with it, whatever ends it, and nothing of this machine is mounted into the folder that is removed.
if [[ -z ${ADLCORE_UNSHARED:-} ]]; then
  exec env ADLCORE_UNSHARED=1 unshare --mount --propagation private bash "$PWD/ci/bare_debian.sh" "$wheel" "$@"
fi

root=$(mktemp -d)
chmod 755 "$root" # it is somebody's `/`, which everybody may enter
leave() {
  for mount in dev/shm proc; do ! mountpoint --quiet "$root/$mount" || umount --lazy "$root/$mount"; done
  rm -rf --one-file-system "$root"
}
trap leave EXIT

debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv bookworm "$root" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" \
  >"$root.log" 2>&1 || { tail -n 20 "$root.log" >&2; exit 1; }
rm -f "$root.log"
mount -t proc proc "$root/proc"
mkdir -p "$root/dev/shm"
mount -t tmpfs tmpfs "$root/dev/shm"

# How this machine reaches the package index: names, certificates, pip's own settings.
for path in /etc/resolv.conf /etc/hosts /etc/pip.conf /etc/xdg/pip /etc/ssl/certs/ca-certificates.crt; do
  [[ ! -e $path ]] || { mkdir -p "$root$(dirname "$path")" && cp -RL --remove-destination "$path" "$root$(dirname "$path")"; }
done
kept=()
for name in PIP_INDEX_URL PIP_CERT PIP_DEFAULT_TIMEOUT SSL_CERT_FILE REQUESTS_CA_BUNDLE http_proxy https_proxy no_proxy; do
  [[ -z ${!name:-} ]] || kept+=("$name=${!name}")
done
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/root LANG=C.UTF-8 "${kept[@]}" "$@"; }

mkdir -p "$root/work/adlcore"
tar -c --exclude=./adlcore --exclude=./build --exclude=./.venv --exclude=./.git . | tar -x -C "$root/work/adlcore"
cp "$wheel" "$root/work"
inside sh -c '. /etc/os-release && echo "$PRETTY_NAME, $(python3 --version), glibc $(ldd --version | sed -n "s/.* //;1p")"; ! command -v gcc cc clang'
inside python3 -m venv /work/venv
inside /work/venv/bin/pip install --quiet --only-binary :all: "adlcore[test] @ file:///work/$(basename "$wheel")"
echo "=== the demo"
inside /work/venv/bin/adlcore demo --out /work/demo
echo "=== the suite"
inside bash /work/adlcore/ci/test_installed.sh /work/venv/bin/python "$@"
