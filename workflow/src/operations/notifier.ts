/**
 * @module
 * A worker's notices: collected by cause for some seconds, sent in the background, tried again for a while, and dropped with a line in the
 * log when that is of no use. Nothing here throws into the work or holds it up.
 */
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { PopulateEvent } from "@tenon/datajoint";
import type { NoticeEvent, NoticeTarget } from "../settings/notice-settings.ts";
import { deliverNotice, NoticeError } from "./deliver-notice.ts";
import type { Notice } from "./notice.ts";

export interface NotifierOptions {
  readonly worker: string;
  readonly targets: readonly NoticeTarget[];
  readonly log: (line: string) => void;
  /** Makes one cause of messages that differ in numbers and names alone. */
  readonly causeOf: (message: string) => string;
  readonly shownKey: (key: Readonly<Record<string, unknown>>) => string;
  /** Keys of one cause are collected for so long, s. Default 20. */
  readonly collectS?: number;
  /** One cause is told again after so long, s. Default six hours. */
  readonly quietS?: number;
  /** The worker's end waits for notices so long at most, s. Default 6. */
  readonly endS?: number;
}

/** Tries of one notice, and the first pause between them, s. */
const tries = 4;
const firstPauseS = 1;
/** Longest pause that a server may ask for, s. */
const longestPauseS = 60;

export class Notifier {
  readonly #options: NotifierOptions;
  readonly #collected = new Map<string, Notice>();
  readonly #toldMs = new Map<string, number>();
  readonly #sending = new Set<Promise<void>>();
  readonly #end = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  /** Takes what a step tells. */
  hear(process: string, event: PopulateEvent): void {
    if (event.kind === "failed") this.#add("failed", process, event.key, event.message);
    else if (event.kind === "done") this.#add("done", process, event.key, "");
  }

  /** A failed key that is not tried again by itself any more. */
  givenUp(process: string, key: Readonly<Record<string, unknown>>, message: string): void {
    this.#add("given up", process, key, message);
  }

  /** The worker ends by an error. */
  stopped(error: unknown): void {
    this.#add(
      "worker stopped",
      this.#options.worker,
      {},
      error instanceof Error ? error.message : String(error),
    );
  }

  /** Sends what is collected and waits for it a little. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#flush();
    const timer = setTimeout(() => this.#end.abort(), (this.#options.endS ?? 6) * 1000);
    await Promise.all(this.#sending);
    clearTimeout(timer);
  }

  #add(event: NoticeEvent, process: string, key: Readonly<Record<string, unknown>>, message: string): void {
    const { targets, worker, causeOf, shownKey, collectS = 20, quietS = 6 * 3600 } = this.#options;
    if (!targets.some((target) => isFor(target, event, process))) return;
    const id = `${event}\n${process}\n${causeOf(message)}`;
    const known = this.#collected.get(id);
    if (known !== undefined) {
      this.#collected.set(id, { ...known, count: known.count + 1 });
      return;
    }
    if (performance.now() - (this.#toldMs.get(id) ?? Number.NEGATIVE_INFINITY) < quietS * 1000) return;
    this.#collected.set(id, {
      event,
      process,
      worker,
      host: hostname(),
      key: shownKey(key),
      count: 1,
      message,
    });
    this.#timer ??= setTimeout(() => this.#flush(), collectS * 1000).unref();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [id, notice] of this.#collected) {
      this.#toldMs.set(id, performance.now());
      for (const target of this.#options.targets) {
        if (!isFor(target, notice.event, notice.process)) continue;
        const sending: Promise<void> = this.#send(target, notice).finally(() =>
          this.#sending.delete(sending),
        );
        this.#sending.add(sending);
      }
    }
    this.#collected.clear();
  }

  /** Never throws. */
  async #send(target: NoticeTarget, notice: Notice): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await Promise.race([deliverNotice(target, notice), aborted(this.#end.signal)]);
        return;
      } catch (error) {
        const passing = error instanceof NoticeError && error.isPassing && attempt < tries;
        if (!passing || this.#end.signal.aborted) {
          const why = this.#end.signal.aborted
            ? "the worker ended before it could be sent"
            : (error as Error).message;
          this.#options.log(`a notice was not sent (${notice.event}, ${notice.process}): ${why}`);
          return;
        }
        const pauseS = Math.min(longestPauseS, error.retryAfterS ?? firstPauseS * 2 ** attempt);
        await sleep(pauseS * 1000, undefined, { signal: this.#end.signal, ref: false }).catch(
          () => undefined,
        );
      }
    }
  }
}

function isFor({ on, steps }: NoticeTarget, event: NoticeEvent, process: string): boolean {
  return on.includes(event) && (steps?.some((step) => process.includes(step)) ?? true);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(new Error("ended"));
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}
