/**
 * The definitions of the whole pipeline, read from its source texts: what laboratories have, so every one must resolve in both generations.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { type ParentTable, resolveDefinition } from "../../src/definition/declaration.ts";
import { parseDefinition } from "../../src/definition/parse-definition.ts";
import { type Tier, toPartName, toTableName } from "../../src/definition/table-name.ts";
import type { TableSpec } from "../../src/sql/dialect.ts";

const folder = new URL("../../../../workflow/src/pipeline/", import.meta.url);
const classPattern =
  /export class (?<name>\w+) extends (?<owner>\w+)\.(?<tier>manual|lookup|imported|computed|part)\(\s*(?:"(?<part>\w+)",\s*)?(?:`(?<text>[^`]*)`|"(?<short>[^"]*)")/g;

interface Source {
  readonly name: string;
  readonly owner: string;
  readonly tier: Tier | "part";
  readonly part: string | undefined;
  readonly text: string;
}

const sources = readdirSync(folder)
  .filter((file) => file.endsWith(".ts"))
  .flatMap((file) => [...readFileSync(new URL(file, folder), "utf8").matchAll(classPattern)])
  .map(
    ({ groups }) => ({ ...groups, text: groups!.text ?? groups!.short!.replaceAll("\\n", "\n") }) as Source,
  );
const byName = new Map(sources.map((source) => [source.name, source]));

function tableName({ name, owner, tier, part }: Source): string {
  return tier === "part" ? toPartName(tableName(byName.get(owner)!), part!) : toTableName(name, tier);
}

function resolveAll(generation: "legacy" | "current"): Map<string, TableSpec> {
  const specs = new Map<string, TableSpec>();
  const resolve = (name: string): TableSpec => {
    const known = specs.get(name);
    if (known !== undefined) return known;
    const source = byName.get(name);
    assert.ok(source !== undefined, `no class ${name}`);
    const parentOf = (written: string): ParentTable =>
      resolve(written === "master" ? source.owner : written.replaceAll(".", ""));
    const spec = resolveDefinition(parseDefinition(source.text), parentOf, {
      generation,
      schema: "lab",
      table: tableName(source),
    });
    specs.set(name, spec);
    return spec;
  };
  for (const { name } of sources) resolve(name);
  return specs;
}

test("every definition of the pipeline resolves in both generations, with the same attributes", () => {
  const classes = readdirSync(folder)
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => readFileSync(new URL(file, folder), "utf8").match(/^export class /gm) ?? []);
  assert.ok(sources.length > 60, `found ${sources.length}`);
  assert.equal(sources.length, classes.length);
  const [legacy, current] = [resolveAll("legacy"), resolveAll("current")];
  for (const [name, spec] of legacy)
    assert.deepEqual(current.get(name)!.heading.names, spec.heading.names, name);
});

test("keys reach down the longest chain of the pipeline", () => {
  const specs = resolveAll("legacy");
  const waveform = specs.get("WaveformSetWaveform")!;
  assert.equal(waveform.table, "_waveform_set__waveform");
  assert.deepEqual(waveform.heading.primaryKey, [
    "subject",
    "session_datetime",
    "insertion_number",
    "paramset_idx",
    "unit",
    "electrode_config_hash",
    "probe_type",
    "electrode",
  ]);
  assert.equal(waveform.heading.get("subject")?.lineage, "lab.subject.subject");
  assert.equal(waveform.heading.get("electrode_config_hash")?.annotation, "uuid");
  assert.deepEqual(
    waveform.foreignKeys.map((key) => [key.parentTable, key.columns.length]),
    [
      ["_waveform_set", 4],
      ["_curated_clustering__unit", 5],
      ["#electrode_config__electrode", 3],
    ],
  );
});

test("stores and blobs are stored as each generation reads them", () => {
  const labels = (generation: "legacy" | "current") => {
    const heading = resolveAll(generation).get("LFPSpectrogramChannelPower")!.heading;
    const { type, annotation } = heading.get("power_time_series")!;
    return [type, annotation, heading.get("mean_power")!.annotation];
  };
  assert.deepEqual(labels("legacy"), ["binary(16)", "blob@datajoint-blob", undefined]);
  assert.deepEqual(labels("current"), ["json", "<blob@datajoint-blob>", undefined]);
});
