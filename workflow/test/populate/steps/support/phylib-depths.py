"""Prints as JSON what phylib makes of a folder's features: depth of each spike, and each cluster's features: `phylib-depths.py FOLDER`."""
import json
import sys

import numpy as np
from phylib.io.model import load_model

model = load_model(f"{sys.argv[1]}/params.py")
depths = model.get_depths()
clusters = {}
for cluster in model.cluster_ids:
    features = model.get_features(np.flatnonzero(model.spike_clusters == cluster), np.arange(model.n_channels))
    clusters[str(cluster)] = dict(shape=list(features.shape), finite=bool(np.all(np.isfinite(features))))
print(json.dumps(dict(depths=[float(d) if np.isfinite(d) else None for d in depths], clusters=clusters)))
