/**
 * @module
 * Stage: learns what every job needs of the recording: preprocessing plan, detector, temporal basis.
 */
import { Random } from "../../core/random.ts";
import type { Recording } from "../../core/recording.ts";
import { learnDetector } from "../../detection/learn-detector.ts";
import { collectPeakWaveforms } from "../../detection/peak-waveforms.ts";
import { collectNoiseSnippets, learnTemporalBasis } from "../../features/temporal-basis.ts";
import { planPreprocessing } from "../../preprocessing/plan.ts";
import type { PreprocessingPlan } from "../../preprocessing/preprocessing-plan.ts";
import { Preprocessor } from "../../preprocessing/preprocessor.ts";
import type { SharedSetup } from "../job-tools.ts";
import type { SorterParameters } from "../parameters.ts";

export interface LearnSetupOptions {
  /** The preprocessing when it was learned before. */
  readonly plan?: PreprocessingPlan | undefined;
  readonly signal: AbortSignal | undefined;
  readonly progress: (done: number, total: number) => void;
}

/** Learns the setup. @throws ParameterError `recording` when there is no sample or no channel to learn from */
export async function learnSetup(
  recording: Recording,
  parameters: SorterParameters,
  options: LearnSetupOptions,
): Promise<SharedSetup> {
  const { signal, progress } = options;
  const random = new Random(parameters.seed);
  progress(0, 4);
  const plan = options.plan ?? (await planPreprocessing(recording, parameters.preprocessing, { signal }));
  progress(1, 4);
  const preprocessor = Preprocessor.create(plan);
  const waveforms = await collectPeakWaveforms(preprocessor, recording, { random, signal });
  progress(2, 4);
  const detector = await learnDetector(preprocessor, recording, { random, signal, waveforms });
  progress(3, 4);
  const noise = await collectNoiseSnippets(preprocessor, recording, waveforms.length, { random, signal });
  const basis = learnTemporalBasis(waveforms, noise, parameters.rank);
  preprocessor.dispose();
  progress(4, 4);
  return { source: recording.source, plan, detector, basis, parameters, cache: undefined };
}
