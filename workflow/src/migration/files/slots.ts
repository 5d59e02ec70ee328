/**
 * @module
 * A number of places, and who waits for one: first come, first served.
 */

export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async take(): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}

/** Buffers of one size that are used again. */
export class Buffers {
  readonly #slots: Slots;
  readonly #size: number;
  readonly #idle: ArrayBuffer[] = [];

  constructor(count: number, size: number) {
    this.#slots = new Slots(count);
    this.#size = size;
  }

  async take(): Promise<ArrayBuffer> {
    await this.#slots.take();
    return this.#idle.pop() ?? new ArrayBuffer(this.#size);
  }

  /** @param buffer  undefined when it was lost to a thread that failed */
  give(buffer: ArrayBuffer | undefined): void {
    if (buffer !== undefined && buffer.byteLength === this.#size) this.#idle.push(buffer);
    this.#slots.give();
  }
}
