/**
 * @module
 * Times matching. Run: `node packages/ephys/bench/matching.bench.ts`; one second of 384 channels, 200 units, seed 1; best of three.
 *
 * Events come from the truth (with those of noise), so that only matching is timed, not detection.
 */
import { Random } from "../src/core/random.ts";
import { makeTraces } from "../src/core/traces.ts";
import { EventScorer } from "../src/matching/event-scorer.ts";
import { Matcher } from "../src/matching/matcher.ts";
import { makeScoreKernel } from "../src/matching/score-kernel.ts";
import { makeTemplateBank } from "../src/matching/template-bank.ts";
import { makeWasmScoreKernel } from "../src/matching/wasm-score-kernel.ts";
import {
  columnContext,
  render,
  someSpikes,
  someUnits,
  trueMeans,
} from "../test/matching/support/synthetic-units.ts";

const SAMPLES = 30000;
const context = columnContext(384);
const units = someUnits(200, context);
const spikes = someSpikes(200, SAMPLES, 1050 / SAMPLES, true);
const recorded = render(spikes, units, context, SAMPLES, 1);
const started = performance.now();
const bank = makeTemplateBank(trueMeans(units, context), context);
console.log(`makeTemplateBank, 200 units: ${(performance.now() - started).toFixed(0)} ms`);

const random = new Random(5);
const events = [
  ...spikes.map((s) => ({ sample: Math.round(s.time), channel: bank.mainChannels[s.unit] })),
  ...Array.from({ length: 850 }, () => ({
    sample: 100 + random.integer(SAMPLES - 200),
    channel: random.integer(384),
  })),
].toSorted((a, b) => a.sample - b.sample);
const detected = { samples: events.map((e) => e.sample), channels: events.map((e) => e.channel) };
const source = { events: () => detected };

for (const [name, makeKernel] of [
  ["plain", makeScoreKernel],
  ["WebAssembly", makeWasmScoreKernel],
] as const) {
  const matcher = Matcher.create(bank, context, { makeKernel });
  const scorer = new EventScorer(bank, context, new Float32Array(200).fill(20), makeKernel);
  let bestMatch = Number.POSITIVE_INFINITY;
  let bestScore = Number.POSITIVE_INFINITY;
  let found = 0;
  for (let repeat = 0; repeat < 4; repeat++) {
    const y = makeTraces(SAMPLES, 384, recorded.data.slice());
    const before = performance.now();
    for (const { sample, channel } of events) scorer.score(y, sample, channel);
    const between = performance.now();
    found = matcher.match(y, source, 3.6).samples.length;
    bestScore = Math.min(bestScore, between - before);
    bestMatch = Math.min(bestMatch, performance.now() - between);
  }
  const { scored, refined } = matcher.counts;
  const rate = ((1000 * events.length) / bestScore).toFixed(0);
  console.log(`${name}: scoring ${events.length} events ${bestScore.toFixed(1)} ms, ${rate} events/s`);
  console.log(
    `${name}: matching one second of ${spikes.length} spikes ${bestMatch.toFixed(1)} ms; ` +
      `${found} found, ${scored} scored, ${refined} refined`,
  );
}
