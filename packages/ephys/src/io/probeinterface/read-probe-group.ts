/**
 * @module
 * Reads a probeinterface JSON file (specification "probeinterface", any version 0.x).
 *
 * Lengths are um or mm per `si_units`; here they are um always.
 */
import { Fields, isObject, readJsonObject, show } from "../json-fields.ts";
import type { ContactProbe, ContactShape, ProbeGroup } from "./probe-group.ts";

const CODE = "bad-probe";
const SHAPES: readonly ContactShape[] = ["circle", "square", "rect"];

/** Reads a file. @throws RecordingError `missing-probe`, `bad-json`, `bad-probe` naming the field, what was expected and what was there */
export async function readProbeGroup(path: string): Promise<ProbeGroup> {
  return parseProbeGroup(await readJsonObject(path, "missing-probe", "The probe file"), path);
}

/** Reads the parsed content of a file. @param path  only for messages; @throws RecordingError `bad-probe` */
export function parseProbeGroup(content: Readonly<Record<string, unknown>>, path: string): ProbeGroup {
  const fields = new Fields(content, path, "", CODE);
  if (content.specification !== "probeinterface")
    throw fields.error(
      `is not a probeinterface file: 'specification' must be "probeinterface", got ${show(content.specification)}.`,
    );
  const probes = content.probes;
  if (!Array.isArray(probes) || probes.length === 0)
    throw fields.wrong("probes", "a list of at least one probe");
  return {
    path,
    probes: probes.map((probe: unknown, index) => {
      if (!isObject(probe)) throw fields.error(`needs an object in 'probes[${index}]', got ${show(probe)}.`);
      return readProbe(new Fields(probe, path, `probes[${index}].`, CODE));
    }),
  };
}

function readProbe(fields: Fields): ContactProbe {
  const unit = fields.oneOf("si_units", ["um", "mm"]) === "mm" ? 1000 : 1;
  const dimensionCount = fields.integer("ndim", 2) === 3 ? 3 : 2;
  const points = fields.points("contact_positions");
  if (points.length === 0) throw fields.wrong("contact_positions", "at least one contact");
  if (points.some((point) => point.length !== dimensionCount))
    throw fields.wrong("contact_positions", `points of ${dimensionCount} numbers, as 'ndim' says`);
  const count = points.length;
  const shapes = fields.texts("contact_shapes", count).map((shape): ContactShape => {
    const known = SHAPES.find((name) => name === shape);
    if (known === undefined) throw fields.wrong("contact_shapes", `shapes of ${SHAPES.join(", ")}`);
    return known;
  });
  return {
    dimensionCount,
    annotations: readAnnotations(fields, "annotations"),
    contactAnnotations: readAnnotations(fields, "contact_annotations"),
    positionsUm: Float64Array.from(points.flat(), (value) => value * unit),
    contactShapes: shapes,
    contactShapeParams: readShapeParams(fields, count, unit),
    contactPlaneAxes: readPlaneAxes(fields, count, dimensionCount),
    contourUm: readContour(fields, unit),
    contactIds: readIds(fields, "contact_ids", count),
    shankIds: readIds(fields, "shank_ids", count),
    contactSides: readIds(fields, "contact_sides", count),
    deviceChannelIndices: readWiring(fields, count),
  };
}

function readAnnotations(fields: Fields, key: string): Readonly<Record<string, unknown>> {
  if (!fields.has(key)) return {};
  const value = fields.raw(key);
  if (!isObject(value)) throw fields.wrong(key, "an object");
  return value;
}

function readShapeParams(fields: Fields, count: number, unit: number): Record<string, number>[] {
  const list = fields.raw("contact_shape_params");
  if (!Array.isArray(list) || list.length !== count || !list.every(isObject))
    throw fields.wrong("contact_shape_params", `${count} objects {radius} or {width, height}`);
  return list.map((params) =>
    Object.fromEntries(
      Object.entries(params).map(([name, value]) => {
        if (typeof value !== "number" || !(value >= 0))
          throw fields.wrong("contact_shape_params", `lengths of at least 0 (here '${name}')`);
        return [name, value * unit];
      }),
    ),
  );
}

function readPlaneAxes(fields: Fields, count: number, dimensionCount: number): number[][][] | undefined {
  if (!fields.has("contact_plane_axes")) return undefined;
  const axes = fields.raw("contact_plane_axes");
  const isAxis = (axis: unknown) =>
    Array.isArray(axis) && axis.length === dimensionCount && axis.every(Number.isFinite);
  const isPair = (pair: unknown) => Array.isArray(pair) && pair.length === 2 && pair.every(isAxis);
  if (!Array.isArray(axes) || axes.length !== count || !axes.every(isPair))
    throw fields.wrong("contact_plane_axes", `${count} pairs of axes`);
  return axes;
}

function readContour(fields: Fields, unit: number): number[][] | undefined {
  if (!fields.has("probe_planar_contour")) return undefined;
  return fields.points("probe_planar_contour").map((point) => point.map((value) => value * unit));
}

function readIds(fields: Fields, key: string, count: number): string[] | undefined {
  if (!fields.has(key)) return undefined;
  const ids = fields.raw(key);
  // probeinterface before 0.2 wrote ids as numbers
  if (!Array.isArray(ids) || !ids.every((id) => typeof id === "string" || typeof id === "number"))
    throw fields.wrong(key, "a list of texts");
  if (ids.length !== count) throw fields.error(`needs ${count} entries in '${key}', got ${ids.length}.`);
  return ids.map(String);
}

function readWiring(fields: Fields, count: number): Int32Array | undefined {
  if (!fields.has("device_channel_indices")) return undefined;
  const indices = fields.numbers("device_channel_indices", count);
  if (!indices.every((index) => Number.isInteger(index) && index >= -1))
    throw fields.wrong("device_channel_indices", "whole numbers of at least -1");
  return Int32Array.from(indices);
}
