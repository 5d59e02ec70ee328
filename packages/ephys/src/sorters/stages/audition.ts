/**
 * @module
 * Stage: tries the learned templates on some chunks and drops the misfits, so that their spikes go to the units that they are of.
 */
import { takeTemplates } from "../../matching/template-bank.ts";
import { findMisfits } from "../../templates/misfits.ts";
import type { MatchedChunk } from "../jobs/match-chunk.ts";
import type { LearnedTemplates } from "./learning-round.ts";
import { type FoundEvents, joinMatched, matchChunks } from "./match-recording.ts";
import { groupRows, type StageContext } from "./stage-context.ts";

/** Every so many learning chunks are tried ... */
const EVERY = 4;
/** ... but so many at least, as far as there are. */
const FEWEST_CHUNKS = 10;

export async function audition(
  stage: StageContext,
  learned: LearnedTemplates,
  found: FoundEvents,
): Promise<LearnedTemplates> {
  const { plan, tools } = stage;
  const { bank, costs } = learned;
  const every = Math.max(1, Math.min(EVERY, Math.floor(plan.learning.length / FEWEST_CHUNKS)));
  const chunks = plan.learning.filter((_, i) => i % every === 0);
  const matched: MatchedChunk[] = [];
  await matchChunks(stage, { bank, costs, chunks, found, isResidualSearched: false }, (result) =>
    matched.push({ ...result, features: new Float32Array(0) }),
  );
  const { units, amplitudes } = joinMatched(matched);
  const isMisfit = findMisfits(groupRows(units, bank.unitCount), amplitudes, tools.parameters.leastAmplitude);
  const kept = Uint32Array.from(isMisfit.keys()).filter((unit) => isMisfit[unit] === 0);
  return { bank: takeTemplates(bank, kept), costs: Float32Array.from(kept, (unit) => costs[unit]) };
}
