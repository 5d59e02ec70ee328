/**
 * @module
 * Writes probes as a probeinterface JSON file (version 0.2.21, which SpikeInterface 0.98 and later read), lengths in um.
 */
import { writeFile } from "node:fs/promises";
import type { Probe } from "../../core/probe.ts";
import { type ContactProbe, contactCount } from "./probe-group.ts";

const SPECIFICATION_VERSION = "0.2.21";
/** Radius that the Python pipeline gives to contacts whose size is not known (pipeline contract 3.4). */
const UNKNOWN_RADIUS_UM = 10;

/** Describes a recording's probe as probeinterface does: a circle for each channel, contact ids are electrode numbers. */
export function contactProbeOf(probe: Probe): ContactProbe {
  const count = probe.x.length;
  return {
    dimensionCount: 2,
    annotations: {
      name: probe.part,
      model_name: probe.part,
      manufacturer: "",
      ...(probe.serial === "" ? {} : { serial_number: probe.serial }),
    },
    contactAnnotations: {},
    positionsUm: Float64Array.from(
      { length: 2 * count },
      (_, i) => (i % 2 === 0 ? probe.x : probe.y)[i >> 1],
    ),
    contactShapes: Array.from({ length: count }, () => "circle" as const),
    contactShapeParams: Array.from({ length: count }, () => ({ radius: UNKNOWN_RADIUS_UM })),
    contactIds: Array.from(probe.electrode, String),
    shankIds: Array.from(probe.shank, String),
    deviceChannelIndices: Int32Array.from({ length: count }, (_, i) => i),
  };
}

/** The JSON text of a file. */
export function formatProbeGroup(probes: readonly ContactProbe[]): string {
  const content = {
    specification: "probeinterface",
    version: SPECIFICATION_VERSION,
    probes: probes.map(toJson),
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

/** Writes a file. */
export async function writeProbeGroup(path: string, probes: readonly ContactProbe[]): Promise<void> {
  await writeFile(path, formatProbeGroup(probes));
}

function toJson(probe: ContactProbe): Record<string, unknown> {
  const { dimensionCount } = probe;
  const planeAxes =
    dimensionCount === 2
      ? [
          [1, 0],
          [0, 1],
        ]
      : [
          [1, 0, 0],
          [0, 1, 0],
        ];
  const count = contactCount(probe);
  const content: Record<string, unknown> = {
    ndim: dimensionCount,
    si_units: "um",
    annotations: probe.annotations,
    contact_annotations: probe.contactAnnotations,
    contact_positions: Array.from({ length: count }, (_, i) =>
      Array.from(probe.positionsUm.subarray(i * dimensionCount, (i + 1) * dimensionCount)),
    ),
    contact_plane_axes: probe.contactPlaneAxes ?? Array.from({ length: count }, () => planeAxes),
    contact_shapes: probe.contactShapes,
    contact_shape_params: probe.contactShapeParams,
  };
  if (probe.contourUm) content.probe_planar_contour = probe.contourUm;
  if (probe.contactIds) content.contact_ids = probe.contactIds;
  if (probe.shankIds) content.shank_ids = probe.shankIds;
  if (probe.contactSides) content.contact_sides = probe.contactSides;
  if (probe.deviceChannelIndices) content.device_channel_indices = Array.from(probe.deviceChannelIndices);
  return content;
}
