/**
 * @module
 * What a probeinterface file describes: one or more probes, each a list of contacts, and which column of a recording each is wired to.
 *
 * What a newcomer would get wrong: contacts are in the probe's order, a recording's channels in the wiring's order;
 * `device_channel_indices` connects them (-1: not connected) and is the only thing that does.
 */
import type { Probe } from "../../core/probe.ts";
import { electrodesPerShank } from "../../core/probe-geometry.ts";
import { partLayout } from "../../core/probe-parts.ts";
import { RecordingError } from "../../errors.ts";

export type ContactShape = "circle" | "square" | "rect";

export interface ContactProbe {
  readonly dimensionCount: 2 | 3;
  readonly annotations: Readonly<Record<string, unknown>>;
  readonly contactAnnotations: Readonly<Record<string, unknown>>;
  /** Float64Array [contacts x dimensionCount], um. */
  readonly positionsUm: Float64Array;
  readonly contactShapes: readonly ContactShape[];
  /** `radius`, `width`, `height` of each contact, um. */
  readonly contactShapeParams: readonly Readonly<Record<string, number>>[];
  /** Two axes of each contact, each of `dimensionCount` numbers; undefined when the file has none. */
  readonly contactPlaneAxes?: readonly (readonly (readonly number[])[])[] | undefined;
  /** Outline of the probe, points in um. */
  readonly contourUm?: readonly (readonly number[])[] | undefined;
  readonly contactIds?: readonly string[] | undefined;
  readonly shankIds?: readonly string[] | undefined;
  readonly contactSides?: readonly string[] | undefined;
  /** Column of the recording of each contact, -1 = not connected; undefined when the file does not say. */
  readonly deviceChannelIndices?: Int32Array | undefined;
}

export interface ProbeGroup {
  readonly path: string;
  readonly probes: readonly ContactProbe[];
}

/** The contacts that are wired to a recording: its columns, ascending, and the probe in that order. */
export interface WiredProbe {
  readonly columns: Int32Array;
  readonly probe: Probe;
}

interface Contact {
  readonly column: number;
  readonly x: number;
  readonly y: number;
  readonly shank: number;
  readonly electrode: number;
}

/** Contacts of a probe. */
export function contactCount(probe: ContactProbe): number {
  return probe.positionsUm.length / probe.dimensionCount;
}

/**
 * Puts the contacts of a group in the order of a recording's columns. Shanks and electrodes of later probes are numbered on.
 *
 * @param columnCount  columns of the recording's file
 * @throws RecordingError `channel-count-mismatch` when a contact's column is not in the file, is named twice, or nothing says the
 *   wiring and the counts differ
 */
export function wireProbeGroup(group: ProbeGroup, columnCount: number): WiredProbe {
  const contacts: Contact[] = [];
  let firstShank = 0;
  let firstElectrode = 0;
  let firstColumn = 0;
  for (const probe of group.probes) {
    const added = wiredContacts(probe, firstShank, firstElectrode, firstColumn);
    contacts.push(...added.filter((contact) => contact.column >= 0));
    firstShank = 1 + Math.max(firstShank - 1, ...added.map((contact) => contact.shank));
    firstElectrode = 1 + Math.max(firstElectrode - 1, ...added.map((contact) => contact.electrode));
    firstColumn += contactCount(probe);
  }
  contacts.sort((a, b) => a.column - b.column);
  checkWiring(group, contacts, columnCount);
  const first = group.probes[0];
  return {
    columns: Int32Array.from(contacts, (contact) => contact.column),
    probe: {
      part: modelName(first),
      serial: annotationText(first, "serial_number"),
      x: Float64Array.from(contacts, (contact) => contact.x),
      y: Float64Array.from(contacts, (contact) => contact.y),
      shank: Int32Array.from(contacts, (contact) => contact.shank),
      electrode: Int32Array.from(contacts, (contact) => contact.electrode),
    },
  };
}

function wiredContacts(
  probe: ContactProbe,
  firstShank: number,
  firstElectrode: number,
  firstColumn: number,
): Contact[] {
  const shanks = shankIndices(probe);
  const electrodes = electrodeNumbers(probe);
  return Array.from({ length: contactCount(probe) }, (_, i) => ({
    column: probe.deviceChannelIndices?.[i] ?? firstColumn + i,
    x: probe.positionsUm[i * probe.dimensionCount],
    y: probe.positionsUm[i * probe.dimensionCount + 1],
    shank: firstShank + shanks[i],
    electrode: firstElectrode + electrodes[i],
  }));
}

function checkWiring(group: ProbeGroup, contacts: readonly Contact[], columnCount: number): void {
  const isWired = group.probes.some((probe) => probe.deviceChannelIndices !== undefined);
  const fail = (sentence: string) => {
    throw new RecordingError(`'${group.path}' ${sentence}`, "channel-count-mismatch", group.path);
  };
  if (contacts.length === 0) fail("connects no contact to a channel: every device_channel_indices is -1.");
  if (!isWired && contacts.length !== columnCount)
    fail(
      `has ${contacts.length} contacts and no device_channel_indices, the recording has ${columnCount} columns. ` +
        "Say which column each contact is wired to in device_channel_indices (-1: none).",
    );
  contacts.forEach((contact, i) => {
    if (contact.column >= columnCount)
      fail(`wires a contact to column ${contact.column}, the recording has columns 0..${columnCount - 1}.`);
    if (i > 0 && contact.column === contacts[i - 1].column)
      fail(`wires two contacts to column ${contact.column}; each column has one contact.`);
  });
}

/** Shank of each contact: the file's ids when they are numbers, else by their first appearance. */
function shankIndices(probe: ContactProbe): Int32Array {
  const ids = probe.shankIds;
  if (ids === undefined) return new Int32Array(contactCount(probe));
  if (ids.every((id) => /^\d+$/.test(id))) return Int32Array.from(ids, Number);
  const seen = [...new Set(ids)];
  return Int32Array.from(ids, (id) => seen.indexOf(id));
}

/** Electrode of each contact: from ids like `96`, `e96` or, for a known part, `s2e96`; else the contact's place in the file. */
function electrodeNumbers(probe: ContactProbe): Int32Array {
  const count = contactCount(probe);
  const byPlace = () => Int32Array.from({ length: count }, (_, i) => i);
  const ids = probe.contactIds;
  if (ids === undefined) return byPlace();
  const layout = partLayout(modelName(probe));
  const found = Int32Array.from(ids, (id) => {
    const match = /^(?:s(\d+))?e?(\d+)$/.exec(id);
    if (match === null || (match[1] !== undefined && layout === undefined)) return -1;
    const shank =
      match[1] === undefined || layout === undefined ? 0 : Number(match[1]) * electrodesPerShank(layout);
    return shank + Number(match[2]);
  });
  return found.includes(-1) || new Set(found).size !== count ? byPlace() : found;
}

function modelName(probe: ContactProbe): string {
  return annotationText(probe, "model_name") || annotationText(probe, "name") || "unknown";
}

function annotationText(probe: ContactProbe, key: string): string {
  const value = probe.annotations[key];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
