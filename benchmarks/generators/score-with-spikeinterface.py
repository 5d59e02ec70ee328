"""SpikeInterface's own count for a Phy folder against a truth: score-with-spikeinterface.py PHY TRUTH_FOLDER; prints JSON."""
import json
import pathlib
import sys

import numpy as np
import spikeinterface.comparison
import spikeinterface.core
import spikeinterface.extractors

phy, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
truth = json.loads((folder / "truth.json").read_text())
records = np.fromfile(folder / truth["spikesFile"], dtype=[("sample", "<f8"), ("unit", "<u4"), ("amplitude", "<f4")])
rate = truth["samplingRateHz"]
gt = spikeinterface.core.NumpySorting.from_samples_and_labels(
    np.round(records["sample"]).astype("int64"), records["unit"].astype("int64"), rate
)
tested = spikeinterface.extractors.read_phy(phy)
comparison = spikeinterface.comparison.compare_sorter_to_ground_truth(gt, tested, delta_time=0.4, exhaustive_gt=True)
accuracy = comparison.get_performance()["accuracy"].astype(float)
snr = {unit["id"]: unit["snr"] for unit in truth["units"]}
print(
    json.dumps(
        dict(
            wellDetectedOfAll=int((accuracy >= 0.8).sum()),
            wellDetected=int(sum(accuracy.get(u, 0.0) >= 0.8 for u in snr if snr[u] > 5)),
            found=len(tested.unit_ids),
            falsePositives=int(comparison.count_false_positive_units()),
            redundant=int(comparison.count_redundant_units()),
            overmerged=int(comparison.count_overmerged_units()),
        )
    )
)
