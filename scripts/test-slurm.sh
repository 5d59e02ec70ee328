#!/usr/bin/env bash
# A real Slurm for the tests (slurmctld and two nodes on this machine), when ../shared/tools/slurm.sh is there. Needs root.
#   scripts/test-slurm.sh start   installs what is missing, starts, prints the setting for the tests
#   scripts/test-slurm.sh stop    stops what it started, by pid
set -euo pipefail
cd "$(dirname "$0")/.."
tool=../shared/tools/slurm.sh
export SLURM_HOME=${SLURM_HOME:-$HOME/.cache/tenon-slurm-tests}
case ${1:-} in
  start)
    [ -x "$tool" ] || [ -f "$tool" ] || { echo "no $tool" >&2; exit 1; }
    conf=$(bash "$tool" start | sed -n 's/^SLURM_CONF=//p')
    [ -n "$conf" ] || { echo "Slurm did not start (above)" >&2; exit 1; }
    echo "TENON_TEST_SLURM=$conf"
    ;;
  stop) [ ! -f "$tool" ] || bash "$tool" stop ;;
  *) sed -n '2,4p' "$0"; exit 2 ;;
esac
