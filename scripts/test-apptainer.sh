#!/usr/bin/env bash
# Apptainer for the tests, from Debian unstable (bookworm has none), in a folder of its own: nothing is installed on the machine. Needs root and apt.
#   scripts/test-apptainer.sh start             makes the folder if needed (half a minute, 400 MB), prints the setting for the tests
#   scripts/test-apptainer.sh run DIR WORD ...  becomes the words, run there as user 10001, with DIR (absolute) at the same path
set -euo pipefail
home=${TENON_TEST_APPTAINER_HOME:-$HOME/.cache/tenon-test-apptainer}; root=$home/root

make_root() {
  [ -x "$root/usr/bin/apptainer" ] && [ -e "$home/done" ] && return
  command -v debootstrap >/dev/null || { apt-get update -qq; apt-get install -y -qq --no-install-recommends debootstrap >/dev/null; }
  local mirror; mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m1 '/debian/\?$')
  rm -rf "$root"; mkdir -p "$home"
  debootstrap --variant=minbase --include=apptainer,ca-certificates sid "$root" "$mirror" >"$home/install.log" 2>&1 ||
    { tail -n 5 "$home/install.log" >&2; return 1; }
  chroot "$root" useradd --uid 10001 --create-home lab
  # Apptainer lays the machine's own over those of the container
  cp /etc/hosts /etc/resolv.conf "$root/etc/"
  mkdir -p "$root/old"
  touch "$home/done"
}

case ${1:-} in
  start)
    make_root >&2
    bash "$0" run / apptainer --version >&2
    echo "TENON_TEST_APPTAINER=$(readlink -f "$0")" ;;
  run)
    dir=$2; shift 2
    # a mount namespace of its own, whose root is that folder: Apptainer wants to see where it is mounted
    exec unshare --mount bash -euc '
      root=$0 dir=$1; shift
      mount --bind "$root" "$root"; mount -t proc proc "$root/proc"; mount --rbind /dev "$root/dev"; mount --rbind /sys "$root/sys"
      if [ "$dir" != / ]; then mkdir -p "$root$dir"; mount --bind "$dir" "$root$dir"; fi
      cd "$root"; pivot_root . old; umount -l /old; cd "$dir"
      exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/home/lab USER=lab LANG=C.UTF-8 \
        setpriv --reuid 10001 --regid 10001 --clear-groups --inh-caps=-all "$@"' "$root" "$dir" "$@" ;;
  *) sed -n '2,4p' "$0"; exit 2 ;;
esac
