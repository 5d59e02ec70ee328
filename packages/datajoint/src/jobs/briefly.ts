/**
 * @module
 * Answers that are good for a short while, so that those who ask the same at once ask the server once.
 */
import { monotonicMs } from "./timing.ts";

export class Briefly<T> {
  readonly #ms: number;
  readonly #answers = new Map<string, { readonly askedMs: number; readonly answer: Promise<T> }>();

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** The last answer of this name, unless it is too old or failed. */
  ask(name: string, read: () => Promise<T>): Promise<T> {
    const known = this.#answers.get(name);
    if (known !== undefined && monotonicMs() - known.askedMs < this.#ms) return known.answer;
    const asked = { askedMs: monotonicMs(), answer: read() };
    this.#answers.set(name, asked);
    asked.answer.catch(() => {
      if (this.#answers.get(name) === asked) this.#answers.delete(name);
    });
    return asked.answer;
  }
}
