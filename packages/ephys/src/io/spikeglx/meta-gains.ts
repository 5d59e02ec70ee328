/**
 * @module
 * uV per bit of each channel of an imec stream: `Vmax / Imax / gain` (pipeline contract 3.1, bug B6 of the Python elements).
 *
 * What a newcomer would get wrong: neither the probe's being docked nor its generation says the gain. `imChan0apGain` does when the
 * file has it; the fixed gain of the type only for files of before that key.
 */
import { partLayout, partOfSpikeGlxType } from "../../core/probe-parts.ts";
import { RecordingError } from "../../errors.ts";
import type { MetaColumns } from "./meta-columns.ts";
import { metaNumber, requireMetaNumber, type SpikeGlxMeta, toNumber } from "./parse-meta.ts";

/** Gains of the channels of `columns`, uV per bit. @throws RecordingError `no-gain` when the file does not say, `bad-meta` */
export function readGains(meta: SpikeGlxMeta, columns: MetaColumns): Float64Array {
  const rangeV = requireMetaNumber(meta, "imAiRangeMax");
  const perUnitGain = (1e6 * rangeV) / maxInt(meta);
  const uniform = uniformGain(meta, columns);
  const gains = new Float64Array(columns.channelIds.length);
  for (let c = 0; c < gains.length; c++) {
    const gain = uniform ?? tableGain(meta, columns, columns.channelIds[c]);
    if (!(gain > 0))
      throw new RecordingError(
        `'${meta.path}': the ${columns.band.toUpperCase()} gain of channel ${columns.channelIds[c]} must be above 0, got ${gain}`,
        "no-gain",
        meta.path,
      );
    gains[c] = perUnitGain / gain;
  }
  return gains;
}

function maxInt(meta: SpikeGlxMeta): number {
  const stated = metaNumber(meta, "imMaxInt");
  if (stated !== undefined && stated > 0) return stated;
  const byPart = partLayout(meta.values.get("imDatPrb_pn") ?? "");
  const layout = byPart ?? partLayout(partOfSpikeGlxType(meta.values.get("imDatPrb_type") ?? "0") ?? "");
  if (layout !== undefined) return layout.maxInt;
  throw new RecordingError(
    `'${meta.path}' has no 'imMaxInt', and its probe type ${meta.values.get("imDatPrb_type")} is not known: ` +
      "the size of a bit cannot be told. Add imMaxInt to the meta file.",
    "no-gain",
    meta.path,
  );
}

function uniformGain(meta: SpikeGlxMeta, columns: MetaColumns): number | undefined {
  const stated = metaNumber(meta, columns.band === "ap" ? "imChan0apGain" : "imChan0lfGain");
  if (stated !== undefined && stated > 0) return stated;
  if (columns.band === "lf") return undefined;
  const type = meta.values.get("imDatPrb_type");
  const part = type === undefined ? undefined : partOfSpikeGlxType(type);
  return part === undefined ? undefined : partLayout(part)?.fixedApGain;
}

function tableGain(meta: SpikeGlxMeta, columns: MetaColumns, id: number): number {
  const table = meta.tables.get("imroTbl");
  const field = columns.band === "ap" ? 3 : 4;
  // NP1110 states one pair of gains for the probe in the header: (type,colmode,ref,apgain,lfgain,filter)
  if (table !== undefined && table.header[0] === "1110")
    return toNumber(table.header[field], meta, "the gain in imroTbl's header");
  const entry = table?.entries[id];
  // 1.0 entries are (chan bank ref ap lf [filter]); those of 2.0, also with five fields, have no gains and never come here
  if (entry === undefined || entry.length < 5 || Number(entry[0]) !== id)
    throw new RecordingError(
      `'${meta.path}' states no gain of channel ${id}: it has no ${columns.band === "ap" ? "imChan0apGain" : "imChan0lfGain"}, and ` +
        "imroTbl has no entry with gains for it. Add the key to the meta file.",
      "no-gain",
      meta.path,
    );
  return toNumber(entry[field], meta, `imroTbl entry ${id}`);
}
