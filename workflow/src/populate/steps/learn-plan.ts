/**
 * @module
 * Learning a recording's preprocessing, where a recording without signal is not a failure.
 */
import { type PreprocessingPlan, planPreprocessing, type Recording } from "@tenon/ephys";

/** Learns a plan; undefined for a recording without a channel to learn from (silent, or all marked unused). */
export async function learnPlan(
  recording: Recording,
  parameters: Parameters<typeof planPreprocessing>[1],
  options: Parameters<typeof planPreprocessing>[2],
): Promise<PreprocessingPlan | undefined> {
  try {
    return await planPreprocessing(recording, parameters, options);
  } catch (error) {
    // nothing to learn from is no failure: such a recording has no spikes
    if ((error as { readonly parameter?: string }).parameter === "recording") return undefined;
    throw error;
  }
}
