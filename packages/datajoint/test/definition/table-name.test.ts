import assert from "node:assert/strict";
import { test } from "node:test";
import {
  masterOf,
  readTableName,
  tablePrefix,
  toPartName,
  toTableName,
} from "../../src/definition/table-name.ts";
import { DataJointError } from "../../src/errors.ts";

test("class names become table names with their tier's prefix", () => {
  assert.equal(toTableName("ClusteringTask", "manual"), "clustering_task");
  assert.equal(toTableName("ClusteringMethod", "lookup"), "#clustering_method");
  assert.equal(toTableName("EphysRecording", "imported"), "_ephys_recording");
  assert.equal(toTableName("LFPSpectrogram", "computed"), "__l_f_p_spectrogram");
  assert.deepEqual((["manual", "lookup", "imported", "computed"] as const).map(tablePrefix), [
    "",
    "#",
    "_",
    "__",
  ]);
});

test("every capital after the first letter gets an underscore, digits do not", () => {
  for (const [className, word] of [
    ["EEGData", "e_e_g_data"],
    ["ABC", "a_b_c"],
    ["Scan2P", "scan2_p"],
    ["Session2B", "session2_b"],
  ] as const) {
    assert.equal(toTableName(className, "manual"), word);
    assert.equal(readTableName(word).className, className);
  }
});

test("parts carry their master's table name", () => {
  assert.equal(toPartName("_ephys_recording", "EphysFile"), "_ephys_recording__ephys_file");
  assert.deepEqual(readTableName("_ephys_recording__ephys_file"), {
    tier: "part",
    className: "EphysFile",
    masterTable: "_ephys_recording",
  });
  assert.deepEqual(readTableName("#electrode_config__electrode"), {
    tier: "part",
    className: "Electrode",
    masterTable: "#electrode_config",
  });
});

test("table names tell their tier", () => {
  const tiers = [
    "clustering_task",
    "#lookup_tab",
    "_imp",
    "__comp_x",
    "~log",
    "~~__comp_x",
    "a_1b",
    "A",
    "a__b__c",
  ];
  assert.deepEqual(
    tiers.map((name) => readTableName(name).tier),
    ["manual", "lookup", "imported", "computed", "hidden", "job", "other", "other", "other"],
  );
  assert.equal(readTableName("x2y_z").className, "X2yZ");
  assert.equal(readTableName("__comp_x").className, "CompX");
});

test("a master is found where a name stands before the last double underscore", () => {
  const masters = ["__comp", "__comp__chan", "#lk__p", "_imp__a_b", "a__b__c", "plain", "#lk"].map(masterOf);
  assert.deepEqual(masters, [undefined, "__comp", "#lk", "_imp", "a__b", undefined, undefined]);
});

test("names that are not CamelCase, or too long for foreign keys, are refused", () => {
  assert.throws(() => toTableName("clusteringTask", "manual"), DataJointError);
  assert.throws(() => toTableName("Clustering_Task", "manual"), /CamelCase/);
  assert.equal(toTableName(`A${"b".repeat(55)}`, "manual").length, 56);
  assert.throws(() => toTableName(`A${"b".repeat(55)}`, "imported"), /57 characters/);
});
