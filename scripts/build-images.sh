#!/usr/bin/env bash
# Builds the images of the three workers (docker/Dockerfile) and prints their names, one line each.
#   scripts/build-images.sh [TARGET ...]     standard, spike-processing, spike-sorting; default: all
# Variables:
#   TENON_IMAGES   begins the names, default localhost/tenon; e.g. registry.lab.org/tenon
#   TENON_TAG      default: the version of package.json
#   BUILDER        docker, podman or buildah; default: the first that is installed. buildah is installed from Debian when there is none (needs root)
#   NODE_IMAGE, BASE   images to build on (see the Dockerfile); pin them by digest: node@sha256:..., debian@sha256:...
#                  default: those of the Dockerfile; where no registry can be reached, TENON_BASE_IMAGE_TOOL makes them (scripts/image-bases.sh)
set -euo pipefail
cd "$(dirname "$0")/.."
images=${TENON_IMAGES:-localhost/tenon}
tag=${TENON_TAG:-$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)}
[ $# -gt 0 ] || set -- standard spike-processing spike-sorting

builder=${BUILDER:-}
for candidate in docker podman buildah; do
  [ -n "$builder" ] || { command -v "$candidate" >/dev/null && "$candidate" info >/dev/null 2>&1 && builder=$candidate; } || true
done
if [ -z "$builder" ]; then
  command -v apt-get >/dev/null || { echo "no docker, podman or buildah here; install one of them" >&2; exit 1; }
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends buildah; } >&2
  builder=buildah
fi

arguments=()
if [ -n "${NODE_IMAGE:-}${BASE:-}" ]; then
  for name in NODE_IMAGE BASE; do [ -z "${!name:-}" ] || arguments+=(--build-arg "$name=${!name}"); done
elif [ "$builder" = buildah ] && [ -r "${TENON_BASE_IMAGE_TOOL:-../shared/tools/base-image.sh}" ]; then
  for setting in $(bash scripts/image-bases.sh | tail -n 1); do arguments+=(--build-arg "$setting"); done
fi
case $builder in
  # the OCI format has no HEALTHCHECK; chroot needs no namespaces
  buildah) build=(buildah build --format docker --isolation "${BUILDAH_ISOLATION:-chroot}" --layers) ;;
  podman) build=(podman build --format docker) ;;
  *) build=("$builder" build) ;;
esac
for target in "$@"; do
  "${build[@]}" -f docker/Dockerfile --target "$target" "${arguments[@]}" -t "$images/$target:$tag" . >&2
  echo "$images/$target:$tag"
done
