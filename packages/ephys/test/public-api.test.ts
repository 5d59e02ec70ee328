/** The names that the package promises. A new one is a decision: add it here, and in `src/index.ts` in its group. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as ephys from "../src/index.ts";

const VALUES = [
  "DEFAULT_SORTER_PARAMETERS",
  "EphysError",
  "NotPositiveDefiniteError",
  "ParameterError",
  "Preprocessor",
  "Random",
  "RecordingError",
  "SUITES",
  "ShapeError",
  "TENON_VERSION",
  "contactCount",
  "contactProbeOf",
  "electrodeCount",
  "electrodeOfPosition",
  "electrodeOfSite",
  "electrodeSites",
  "electrodesPerShank",
  "extractLfp",
  "filterBackwards",
  "findRecordings",
  "generateRecording",
  "knownParts",
  "lfpQuality",
  "lfpSpectrogram",
  "makeTraces",
  "medianInPlace",
  "missingPhyFiles",
  "openLfBand",
  "openRecording",
  "partLayout",
  "planFromJson",
  "planPreprocessing",
  "planToJson",
  "probeTypeAliases",
  "readNpy",
  "readPhyFeatures",
  "readPhyFolder",
  "readProbeGroup",
  "readTruth",
  "requirePartLayout",
  "sampleShifts",
  "scoreSorting",
  "siteOfElectrode",
  "sortRecording",
  "sorterParameters",
  "suiteNames",
  "unitMetrics",
  "verifySession",
  "waveformFeatures",
  "wireProbeGroup",
  "writeNpy",
  "writePhyFolder",
  "writeProbeGroup",
];

test("the package exports these values and no others", () => {
  assert.deepEqual(Object.keys(ephys).sort(), VALUES);
});

const TYPES = [
  "AdcTurns",
  "BandPower",
  "ClusterMetrics",
  "ClusterTable",
  "ClusteringParameters",
  "ContactProbe",
  "ElectrodeSite",
  "FoundFate",
  "FoundUnitScore",
  "FrequencyBand",
  "GenerateOptions",
  "GeneratedRecording",
  "Generation",
  "GivenSorterParameters",
  "Lfp",
  "LfpOptions",
  "LfpQuality",
  "LfpSpectrogram",
  "LfpSpectrogramOptions",
  "MatchingParameters",
  "MetricsFeatures",
  "MetricsInput",
  "MetricsUnit",
  "NpyArray",
  "ParamValue",
  "PartLayout",
  "PhyContent",
  "PhyFeatures",
  "PhyFolder",
  "PhyRecording",
  "PhyTemplates",
  "PhyUnitInfo",
  "PreprocessingParameters",
  "PreprocessingPlan",
  "Probe",
  "ProbeGroup",
  "Problem",
  "ReadFeaturesOptions",
  "ReadPhyOptions",
  "Recording",
  "RecordingFile",
  "RecordingSource",
  "RecordingVerdict",
  "ScoreOptions",
  "SessionVerdict",
  "SortOptions",
  "SortStage",
  "SorterParameters",
  "Sorting",
  "SortingResult",
  "SortingScore",
  "SparseTemplates",
  "SpikeFeatures",
  "StageTiming",
  "Suite",
  "SuiteName",
  "Traces",
  "Truth",
  "TruthFile",
  "TruthUnit",
  "UnitScore",
  "UnitTemplates",
  "VerifyOptions",
  "WaveformMetrics",
  "WiredProbe",
];

test("the package exports these types and no others", () => {
  const text = readFileSync(new URL("../src/index.ts", import.meta.url), "utf8");
  const names: string[] = [];
  for (const [, isType, list] of text.matchAll(/^export (type )?\{([^}]*)\} from/gm))
    for (const name of list.split(",").map((part) => part.trim()))
      if (name !== "" && (isType !== undefined || name.startsWith("type ")))
        names.push(name.replace(/^type /, ""));
  assert.deepEqual(names.sort(), TYPES);
});

test("every export is explained where it is declared", () => {
  const index = readFileSync(new URL("../src/index.ts", import.meta.url), "utf8");
  const bare: string[] = [];
  for (const [, list, path] of index.matchAll(/^export (?:type )?\{([^}]*)\} from "([^"]+)"/gm)) {
    const source = readFileSync(new URL(`../src/${path}`, import.meta.url), "utf8");
    for (const name of list.split(",").map((part) => part.trim().replace(/^type /, "")))
      if (name !== "" && !new RegExp(`(function\\*?|class|const|interface|type) ${name}\\b`).test(source))
        bare.push(`${name} is not declared in ${path}`);
    assert.match(source, /^\/\*\*\n \* @module\n/, path);
  }
  assert.deepEqual(bare, []);
});
