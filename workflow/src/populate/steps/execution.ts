/**
 * @module
 * When a step ran and for how long, as the tables of `ephys_sorter` keep it: UTC, hours.
 */

/** The columns of an execution. */
export interface Execution {
  /** UTC, `YYYY-MM-DD HH:MM:SS`. */
  readonly execution_time: string;
  readonly execution_duration: number;
}

/** Runs work and times it. */
export async function timed<T>(
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly execution: Execution }> {
  const [began, start] = [new Date(), performance.now()];
  const result = await work();
  const execution_duration = (performance.now() - start) / 3_600_000;
  return { result, execution: { execution_time: utcText(began), execution_duration } };
}

/** An instant as a `datetime` column holds it. */
export function utcText(instant: Date): string {
  return instant.toISOString().slice(0, 19).replace("T", " ");
}
