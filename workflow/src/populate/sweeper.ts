/**
 * @module
 * Settles the attempts of dead processes while a worker works: where this process knows of some every few seconds, below the whole
 * processed root at the start and now and then.
 *
 * It must go on during a long computation: the computation may wait for the very folder that a dead worker did not publish.
 */
import type { Lab } from "./lab.ts";

/** Seconds between two looks. */
const everyS = 5;
const everywhereEveryS = 600;

export class Sweeper {
  readonly #lab: Lab;
  readonly #log: (line: string) => void;
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();
  #lastMs = Number.NEGATIVE_INFINITY;
  #trouble = "";
  #isOver = false;

  private constructor(lab: Lab, log: (line: string) => void) {
    this.#lab = lab;
    this.#log = log;
  }

  /** Looks everywhere, then goes on by itself. */
  static async start(lab: Lab, log: (line: string) => void): Promise<Sweeper> {
    const sweeper = new Sweeper(lab, log);
    await sweeper.#sweep();
    sweeper.#next();
    return sweeper;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    await this.#work;
    // what this worker took over a moment ago has left its dead holder's folder
    await this.#sweep();
  }

  #next(): void {
    this.#timer = setTimeout(() => {
      this.#work = this.#sweep().then(() => {
        if (!this.#isOver) this.#next();
      });
    }, everyS * 1000).unref();
  }

  async #sweep(): Promise<void> {
    const nowMs = performance.now();
    const everywhere = nowMs - this.#lastMs >= everywhereEveryS * 1000;
    try {
      const { published, deleted } = await this.#lab.sweep(everywhere);
      if (everywhere) this.#lastMs = nowMs;
      for (const folder of published)
        this.#log(`published ${folder}, which a worker that ended early had finished`);
      for (const folder of deleted) this.#log(`deleted ${folder}, left by a worker that ended early`);
      this.#trouble = "";
    } catch (error) {
      // the database or the disk is away: said once, tried again at the next look
      const trouble = error instanceof Error ? error.message : String(error);
      if (trouble !== this.#trouble) this.#log(`cannot look after files of ended workers: ${trouble}`);
      this.#trouble = trouble;
    }
  }
}
