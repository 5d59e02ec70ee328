/**
 * @module
 * What a running worker knows of pauses: it looks every few seconds while keys are at work, so that a step with a thousand short keys stops
 * after the one in hand.
 */
import { freshly } from "./freshly.ts";
import { isPausedBy, type PauseRow, readPauses, shownTarget } from "./pauses.ts";

export class PauseWatch {
  readonly #worker: string;
  readonly #log: (line: string) => void;
  readonly #everyMs: number;
  /** For turns that begin; many do so at once. */
  readonly #read: () => Promise<readonly PauseRow[]>;
  /** Of steps at work: aborted when a pause comes. */
  readonly #atWork = new Map<AbortController, string>();
  /** By step: what was told of it last. */
  readonly #told = new Map<string, string>();
  #pauses: readonly PauseRow[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param everyMs  between two looks while keys are at work; what was read is good for so long */
  constructor(worker: string, log: (line: string) => void, everyMs = 3000) {
    this.#worker = worker;
    this.#log = log;
    this.#everyMs = everyMs;
    this.#read = freshly(everyMs, readPauses);
  }

  /** Runs a turn of a step unless it is paused; its signal is aborted when a pause comes.
   * @returns what `work` returns; undefined when the step is paused */
  async unlessPaused<T>(process: string, work: (pause: AbortSignal) => Promise<T>): Promise<T | undefined> {
    this.#pauses = await this.#read();
    if (this.#isPaused(process)) return undefined;
    const pause = new AbortController();
    this.#atWork.set(pause, process);
    this.#watch();
    try {
      return await work(pause.signal);
    } finally {
      this.#atWork.delete(pause);
      if (this.#atWork.size === 0) clearInterval(this.#timer);
    }
  }

  #watch(): void {
    if (this.#atWork.size > 1) return;
    // what it cannot read now it reads at the next look; the step itself meets the same trouble and tells it
    this.#timer = setInterval(() => void this.#look().catch(() => undefined), this.#everyMs).unref();
  }

  /** Ends the turns of steps that are paused by now. */
  async #look(): Promise<void> {
    this.#pauses = await readPauses();
    for (const [pause, process] of this.#atWork)
      if (this.#isPaused(process)) pause.abort(new Error(`${process} is paused.`));
  }

  #isPaused(process: string): boolean {
    const found = this.#pauses.find((pause) => isPausedBy(pause, { worker: this.#worker, process }));
    const line =
      found === undefined
        ? ""
        : `${process}: paused (${shownTarget(found)}) by ${found.pausedBy} since ${found.pausedAt.slice(0, 19)} UTC${found.reason === "" ? "" : `: ${found.reason}`}`;
    const before = this.#told.get(process) ?? "";
    if (line !== before) this.#log(line === "" ? `${process}: resumed` : line);
    this.#told.set(process, line);
    return found !== undefined;
  }
}
