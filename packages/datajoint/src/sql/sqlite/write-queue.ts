/**
 * @module
 * The turns of a process's writers: one at a time, first come, first served.
 */
import { RetryTransactionError } from "../../errors.ts";

export class WriteQueue {
  readonly #maxWaitMs: number;
  #last: Promise<unknown> = Promise.resolve();

  constructor(maxWaitMs: number) {
    this.#maxWaitMs = maxWaitMs;
  }

  /** Runs `work` when all earlier work is done.
   *  @throws RetryTransactionError when that takes longer than the wait allowed; `work` is then never run */
  async take<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#last;
    let leave!: () => void;
    this.#last = new Promise<void>((resolve) => {
      leave = resolve;
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), this.#maxWaitMs);
    });
    const turn = await Promise.race([before, late]);
    clearTimeout(timer);
    if (turn === "late") {
      // those behind still wait for those before
      void before.then(leave);
      throw new RetryTransactionError(
        `Another transaction of this process has held the database for ${this.#maxWaitMs / 1000} s. A transaction must not wait for writes outside of it.`,
        "write-queue",
      );
    }
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /** Waits until nobody is at work. */
  async drain(): Promise<void> {
    await this.#last;
  }
}
