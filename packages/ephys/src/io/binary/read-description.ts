/**
 * @module
 * The JSON file that describes a plain binary recording. A person writes it:
 *
 *     { "data": "locust.raw", "dtype": "int16", "channelCount": 4, "samplingRateHz": 15000, "gainUvPerBit": 0.5,
 *       "probe": { "positions": [[0, 0], [20, 0], [0, 20], [20, 20]] } }
 *
 * `data` and a `probe` that is a path are relative to the JSON file's folder. Nothing about units is guessed: `gainUvPerBit` is
 * required, also for float32 (uV per unit of the file). Optional: `byteOrder`, `headerBytes`, `offsetUv`, `channels` (the columns that
 * have contacts, when not all do), `channelNames`, `sampleCount` (checked against the file), `startTime`.
 */
import { dirname, resolve } from "node:path";
import type { Probe } from "../../core/probe.ts";
import { Fields, isObject, readJsonObject } from "../json-fields.ts";
import { wireProbeGroup } from "../probeinterface/probe-group.ts";
import { readProbeGroup } from "../probeinterface/read-probe-group.ts";
import { bytesOfType, type SampleLayout, type SampleType } from "../sample-file.ts";

const CODE = "bad-description";
const TYPES: readonly SampleType[] = ["int16", "uint16", "int32", "float32"];
const KEYS = [
  "data",
  "dtype",
  "byteOrder",
  "channelCount",
  "samplingRateHz",
  "gainUvPerBit",
  "offsetUv",
  "headerBytes",
  "channels",
  "channelNames",
  "sampleCount",
  "startTime",
  "probe",
];
const PROBE_KEYS = ["positions", "shank", "electrode", "part", "serial"];

export interface BinaryDescription {
  readonly dataPath: string;
  readonly layout: SampleLayout;
  readonly samplingRateHz: number;
  /** Columns that are channels, ascending. */
  readonly columns: Int32Array;
  /** uV per bit, one per channel. */
  readonly gainUvPerBit: Float64Array;
  readonly offsetUv: Float64Array | undefined;
  readonly channelNames: readonly string[];
  readonly probe: Probe;
  /** Size that the file must have; undefined when the description does not state a sample count. */
  readonly expectedBytes: number | undefined;
  readonly startTime: string | undefined;
}

/** Reads a description. @throws RecordingError `missing-description`, `bad-json`, `bad-description`, `missing-probe`, `bad-probe` */
export async function readDescription(path: string): Promise<BinaryDescription> {
  const content = await readJsonObject(path, "missing-description", "The description");
  const fields = new Fields(content, path, "", CODE);
  fields.refuseUnknown(KEYS);
  const type = fields.oneOf("dtype", TYPES);
  const columnCount = fields.integer("channelCount", 1);
  const layout: SampleLayout = {
    type,
    isLittleEndian: !fields.has("byteOrder") || fields.oneOf("byteOrder", ["little", "big"]) === "little",
    columnCount,
    headerBytes: fields.has("headerBytes") ? fields.integer("headerBytes", 0) : 0,
  };
  const { columns, probe } = await readProbe(fields, path, columnCount);
  const names = fields.has("channelNames")
    ? fields.texts("channelNames", columnCount)
    : Array.from({ length: columnCount }, (_, i) => `CH${i}`);
  const gains = perColumn(fields, "gainUvPerBit", columnCount);
  if (gains.some((gain) => gain === 0)) throw fields.wrong("gainUvPerBit", "gains other than 0");
  const offsets = fields.has("offsetUv") ? perColumn(fields, "offsetUv", columnCount) : undefined;
  const sampleCount = fields.has("sampleCount") ? fields.integer("sampleCount", 1) : undefined;
  return {
    dataPath: resolve(dirname(path), fields.text("data")),
    layout,
    samplingRateHz: fields.number("samplingRateHz", 0, true),
    columns,
    gainUvPerBit: Float64Array.from(columns, (column) => gains[column]),
    offsetUv: offsets && Float64Array.from(columns, (column) => offsets[column]),
    channelNames: Array.from(columns, (column) => names[column]),
    probe,
    expectedBytes:
      sampleCount === undefined
        ? undefined
        : layout.headerBytes + sampleCount * columnCount * bytesOfType(type),
    startTime: fields.has("startTime") ? readStartTime(fields) : undefined,
  };
}

/** The laboratory's clock. A time with an offset from UTC would become another hour there, and nobody would see it. */
function readStartTime(fields: Fields): string {
  const text = fields.text("startTime");
  const [, plain] = /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.\d+)?$/.exec(text) ?? [];
  const moment = new Date(`${plain?.replace(" ", "T")}Z`);
  // a day that there is not, such as 31 February, is another one then
  if (Number.isNaN(moment.getTime()) || moment.toISOString().slice(0, 19) !== plain?.replace(" ", "T"))
    throw fields.wrong(
      "startTime",
      "a time of the laboratory's clock such as 2026-01-05T10:11:12, without an offset",
    );
  return text;
}

function perColumn(fields: Fields, key: string, columnCount: number): number[] {
  if (Array.isArray(fields.raw(key))) return fields.numbers(key, columnCount);
  return new Array<number>(columnCount).fill(fields.number(key));
}

async function readProbe(
  fields: Fields,
  path: string,
  columnCount: number,
): Promise<{ columns: Int32Array; probe: Probe }> {
  const value = fields.raw("probe");
  if (typeof value === "string") {
    if (fields.has("channels"))
      throw fields.error(
        "has both 'channels' and a probe file; its device_channel_indices name the columns.",
      );
    return wireProbeGroup(await readProbeGroup(resolve(dirname(path), value)), columnCount);
  }
  if (!isObject(value))
    throw fields.wrong(
      "probe",
      'an object {"positions": [[x, y], ...]} in um, or the path of a probeinterface JSON',
    );
  const columns = readColumns(fields, columnCount);
  return { columns, probe: inlineProbe(new Fields(value, path, "probe.", CODE), columns.length) };
}

function readColumns(fields: Fields, columnCount: number): Int32Array {
  if (!fields.has("channels")) return Int32Array.from({ length: columnCount }, (_, i) => i);
  const columns = fields.numbers("channels");
  const isGood = columns.every(
    (column, i) =>
      Number.isInteger(column) && column >= 0 && column < columnCount && (i === 0 || column > columns[i - 1]),
  );
  if (columns.length === 0 || !isGood)
    throw fields.wrong("channels", `ascending column numbers in 0..${columnCount - 1}`);
  return Int32Array.from(columns);
}

function inlineProbe(fields: Fields, count: number): Probe {
  fields.refuseUnknown(PROBE_KEYS);
  const points = fields.points("positions");
  if (points.length !== count)
    throw fields.error(
      `needs ${count} points in 'probe.positions', one for each channel, got ${points.length}.`,
    );
  const whole = (key: string, otherwise: (i: number) => number) => {
    if (!fields.has(key)) return Int32Array.from({ length: count }, (_, i) => otherwise(i));
    const values = fields.numbers(key, count);
    if (!values.every((value) => Number.isInteger(value) && value >= 0))
      throw fields.wrong(key, "whole numbers of at least 0");
    return Int32Array.from(values);
  };
  return {
    part: fields.has("part") ? fields.text("part") : "unknown",
    serial: fields.has("serial") ? fields.text("serial") : "",
    x: Float64Array.from(points, (point) => point[0]),
    y: Float64Array.from(points, (point) => point[1]),
    shank: whole("shank", () => 0),
    electrode: whole("electrode", (i) => i),
  };
}
