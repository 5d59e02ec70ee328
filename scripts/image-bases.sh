#!/usr/bin/env bash
# The two base images of docker/Dockerfile where no registry can be reached: Debian from its packages, and Node and npm of this checkout on top of it.
#   scripts/image-bases.sh     needs root and a Debian system with apt; prints the build arguments NODE_IMAGE=... BASE=...
# Without it the Dockerfile takes docker.io's node and debian images. The images stay in buildah's store, so a second call takes a second.
set -euo pipefail
cd "$(dirname "$0")/.."
maker=${TENON_BASE_IMAGE_TOOL:-../shared/tools/base-image.sh}
[ -r "$maker" ] || { echo "no base image: $maker is not here" >&2; exit 1; }
base=$(bash "$maker")
version=$(node_modules/node/bin/node --version); version=${version#v}
image=localhost/node:$version-bookworm-slim
if ! buildah inspect --type image "$image" >/dev/null 2>&1; then
  npm=$(npm root -g)/npm
  [ -d "$npm" ] || { echo "no npm in $(npm root -g): it is copied into the image" >&2; exit 1; }
  c=$(buildah from "$base"); trap 'buildah rm "$c" >/dev/null 2>&1 || true' EXIT
  # as in Node's own image: its binary is linked to libatomic
  buildah run --isolation chroot "$c" -- sh -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends libatomic1 >/dev/null && rm -rf /var/lib/apt/lists/*' >&2
  buildah copy -q "$c" node_modules/node/bin/node /usr/local/bin/node >/dev/null
  buildah copy -q "$c" "$npm" /usr/local/lib/node_modules/npm >/dev/null
  buildah run --isolation chroot "$c" -- ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
  # behind a proxy with an authority of its own npm needs it at build time; this image is not part of what is built
  if [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then
    buildah copy -q "$c" "$NODE_EXTRA_CA_CERTS" /usr/local/share/extra-ca.pem >/dev/null
    buildah config --env NODE_EXTRA_CA_CERTS=/usr/local/share/extra-ca.pem "$c"
  fi
  buildah commit -q "$c" "$image" >/dev/null
fi
echo "NODE_IMAGE=$image BASE=$base"
