/**
 * @module
 * The loop of one worker process: its steps side by side, as far as resources allow, until its time, its idleness or a signal ends it.
 *
 * Words: a *worker* is a named list of steps; a *process* is one step as the worker log knows it (`ephys.EphysRecording`, or a function's
 * name); a *lane* works on one key of a step at a time, and a step has one or several; a *turn* of a lane is one look for keys and the
 * work on those found, a few seconds or one long key; a *round* is over when every lane has looked and nobody is at work; it is *idle* when
 * nothing was found in it.
 *
 * A lane that found something looks again at once, and so do all others: what was made may be what they wait for. A slow key holds up
 * nobody but its own lane and those that need what it was granted.
 *
 * Source of the loop's meaning: pipeline contract 6. Differences on purpose: idle rounds are counted in a row (there: over the whole
 * life), a crash is exit code 1 (there: 0), SIGTERM finishes or gives back the job, and steps do not wait for each other.
 */
import { hostname } from "node:os";
import type { PopulateEvent, PopulateResult } from "@tenon/datajoint";
import { ResourcePool, type Resources } from "../operations/resource-pool.ts";

export interface StepContext {
  /** Aborted by SIGTERM: finish what is in hand or give it back. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: PopulateEvent) => void;
}

/** What a turn of a step did. */
export interface TurnResult extends Pick<PopulateResult, "successCount" | "errors"> {
  /** The turn ended for its time, and more may be there. */
  readonly isCut?: boolean;
  /** The step is paused by an operator: nothing was looked for. */
  readonly isPaused?: boolean;
}

/** One step of a worker. */
export interface Step {
  /** As the worker log and `tenon status` name it. */
  readonly process: string;
  /** Does what there is to do; returns how many keys were made and what failed. */
  readonly run: (context: StepContext) => Promise<TurnResult>;
  /** Whether anything is left that this or another worker could do now, late leases included. */
  readonly isWaiting?: () => Promise<boolean>;
  /** Keys at work at the same time. Default 1. */
  readonly lanes?: number;
  /** What one key takes of the pool. Without a word of it nothing is taken. */
  readonly resources?: Resources;
}

export interface WorkerOptions {
  /** Seconds after which no new turn begins; undefined: no end. */
  readonly durationS?: number;
  /** Seconds between two looks that find nothing. Default 30. */
  readonly sleepS?: number;
  /** Ends when a round finds nothing. */
  readonly once?: boolean;
  /** Ends after this many idle rounds in a row; undefined: never. */
  readonly maxIdledCycle?: number | undefined;
  readonly signal: AbortSignal;
  /** One plain line per thing worth telling. */
  readonly log: (line: string) => void;
  readonly onEvent?: (process: string, event: PopulateEvent) => void;
  /** Writes the WorkerLog row of a process about to run. */
  readonly onProcess?: (process: string) => Promise<void>;
  /** Called after every round, and now and then while lanes are at work: clean-up of job tables and logs. Returns how many keys it freed. */
  readonly afterCycle?: () => Promise<number>;
  /** Called before it waits after a round that found nothing. */
  readonly onIdle?: () => void;
  /** What the steps share. Default: no limits. */
  readonly pool?: ResourcePool;
  /** Seconds since some start; passed in so that tests need not wait. */
  readonly clock?: () => number;
  readonly sleep?: (seconds: number, signal: AbortSignal) => Promise<void>;
}

export interface WorkerSummary {
  /** How often lanes were sent to look. */
  readonly cycles: number;
  readonly made: number;
  readonly failed: number;
  readonly ended: "idle" | "duration" | "once" | "signal";
}

interface Lane {
  readonly step: Step;
  /** The turn; undefined while it rests. */
  turn: Promise<void> | undefined;
  /** What `finds` was when it began to look last; -1: it has to look again. */
  looked: number;
  lookedAtS: number;
  /** Not before this time, after trouble. */
  notBeforeS: number;
  /** In a row. */
  troubles: number;
}

/** While lanes are at work, `afterCycle` comes so often, s. */
const careEveryS = 15;
const mostTroubles = 10;

/** Runs a worker to its end.
 * @throws what a step throws outside of a key (a lost database that does not come back) after ten tries in a row */
export function runWorker(
  name: string,
  steps: readonly Step[],
  options: WorkerOptions,
): Promise<WorkerSummary> {
  options.log(`${name} on ${hostname()}, process ${process.pid}: ${steps.length} steps`);
  return new Rounds(name, steps, options).run();
}

class Rounds {
  readonly #name: string;
  readonly #options: WorkerOptions;
  readonly #lanes: readonly Lane[];
  readonly #clock: () => number;
  readonly #sleep: NonNullable<WorkerOptions["sleep"]>;
  readonly #sleepS: number;
  /** Ends the lanes: with the caller's signal, or at the end. */
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #cycles = 0;
  #made = 0;
  #failed = 0;
  /** Grows with everything that is found: a lane that began to look before must look again. */
  #finds = 0;
  #isRoundIdle = true;
  /** In this round: a worker that operators hold up does not end of idleness. */
  #isAnyPaused = false;
  #troublesOfCare = 0;
  #told = "";
  #fatal: { readonly error: unknown } | undefined;
  #caredAtS: number;

  constructor(name: string, steps: readonly Step[], options: WorkerOptions) {
    this.#name = name;
    this.#options = options;
    this.#clock = options.clock ?? (() => performance.now() / 1000);
    this.#sleep = options.sleep ?? wait;
    this.#sleepS = options.sleepS ?? 30;
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal]);
    this.#caredAtS = this.#clock();
    this.#lanes = steps.flatMap((step) => Array.from({ length: step.lanes ?? 1 }, () => freshLane(step)));
  }

  async run(): Promise<WorkerSummary> {
    try {
      const ended = await this.#untilEnd();
      await this.#finish();
      return { cycles: this.#cycles, made: this.#made, failed: this.#failed, ended };
    } finally {
      await this.#finish();
    }
  }

  /** What is in hand is finished, whatever ends the worker. */
  async #finish(): Promise<void> {
    this.#stop.abort(new Error("The worker ends."));
    await Promise.all(this.#turns());
  }

  async #untilEnd(): Promise<WorkerSummary["ended"]> {
    const { signal, durationS, once, maxIdledCycle } = this.#options;
    const startS = this.#clock();
    let idle = 0;
    while (!signal.aborted) {
      if (this.#fatal !== undefined) throw this.#fatal.error;
      if (durationS !== undefined && this.#clock() - startS >= durationS) {
        await Promise.all(this.#turns());
        return signal.aborted ? "signal" : "duration";
      }
      this.#startDue();
      const restS = this.#restS();
      if (this.#turns().length > 0) {
        await this.#event(Math.min(restS, careEveryS));
        if (this.#clock() - this.#caredAtS >= careEveryS) await this.#care();
      } else if (Number.isFinite(restS)) await this.#sleep(restS, signal);
      // every lane has looked after the last find
      else if (await this.#care()) {
        idle = this.#isRoundIdle ? idle + 1 : 1;
        this.#isRoundIdle = true;
        if (once === true && !(await this.#isAnyWaiting())) return "once";
        if (maxIdledCycle !== undefined && idle >= maxIdledCycle && !this.#isAnyPaused) return "idle";
        this.#isAnyPaused = false;
        this.#options.onIdle?.();
        await this.#sleep(once === true ? Math.min(this.#sleepS, 5) : this.#sleepS, signal);
        for (const lane of this.#lanes) lane.looked = -1;
      }
    }
    return "signal";
  }

  #turns(): Promise<void>[] {
    return this.#lanes.flatMap(({ turn }) => turn ?? []);
  }

  #startDue(): void {
    const nowS = this.#clock();
    let isAny = false;
    for (const lane of this.#lanes) {
      // beside others that are at work for long, it looks as often as in an idle worker
      if (lane.turn === undefined && nowS - lane.lookedAtS >= this.#sleepS && this.#isBusy())
        lane.looked = -1;
      if (!this.#mustLook(lane) || lane.notBeforeS > nowS || this.#signal.aborted) continue;
      isAny = true;
      lane.looked = this.#finds;
      lane.lookedAtS = nowS;
      lane.turn = this.#turn(lane).finally(() => {
        lane.turn = undefined;
      });
    }
    if (isAny) this.#cycles++;
  }

  #isBusy(): boolean {
    return this.#lanes.some(({ turn }) => turn !== undefined);
  }

  #mustLook(lane: Lane): boolean {
    return lane.turn === undefined && lane.looked < this.#finds;
  }

  /** Seconds until the first lane that rests after trouble goes on; infinite when none does. */
  #restS(): number {
    const nowS = this.#clock();
    const ends = this.#lanes
      .filter((lane) => this.#mustLook(lane))
      .map(({ notBeforeS }) => notBeforeS - nowS);
    return Math.max(0, Math.min(Number.POSITIVE_INFINITY, ...ends));
  }

  /** Waits until a lane is done, the caller ends it, or so many seconds have passed. */
  async #event(mostS: number): Promise<void> {
    const over = new AbortController();
    const end = AbortSignal.any([over.signal, this.#signal]);
    await Promise.race([...this.#turns(), wait(mostS, end)]);
    over.abort();
    // those that are done at the same time are seen together
    await new Promise(setImmediate);
  }

  /** One turn. Never throws. */
  async #turn(lane: Lane): Promise<void> {
    const { step } = lane;
    const { pool, onProcess, onEvent } = this.#options;
    try {
      const grant =
        pool === undefined || step.resources === undefined
          ? undefined
          : await pool.acquire(step.resources, this.#signal);
      try {
        if (this.#signal.aborted) return;
        if (onProcess !== undefined) await onProcess(step.process);
        const run = () =>
          step.run({ signal: this.#signal, onEvent: (event) => onEvent?.(step.process, event) });
        const result = await (grant === undefined ? run() : ResourcePool.with(grant, run));
        lane.troubles = 0;
        if (result.isPaused === true) this.#isAnyPaused = true;
        this.#made += result.successCount;
        this.#failed += result.errors.length;
        if (result.successCount + result.errors.length > 0 || result.isCut === true) this.#found();
      } finally {
        grant?.release();
      }
    } catch (error) {
      if (this.#signal.aborted) return;
      // a step reports what fails for one key; what arrives here is the database or the program
      lane.looked = -1;
      lane.notBeforeS = this.#clock() + this.#trouble(error, ++lane.troubles);
    }
  }

  #found(): void {
    this.#finds++;
    this.#isRoundIdle = false;
  }

  /** Looks after the tables of jobs and the logs. @returns false when there is work again, or trouble */
  async #care(): Promise<boolean> {
    this.#caredAtS = this.#clock();
    try {
      const freed = (await this.#options.afterCycle?.()) ?? 0;
      this.#troublesOfCare = 0;
      if (freed > 0) this.#found();
      return freed === 0;
    } catch (error) {
      if (!this.#signal.aborted)
        await this.#sleep(this.#trouble(error, ++this.#troublesOfCare), this.#signal);
      return false;
    }
  }

  /** Says what went wrong. @returns seconds to wait */
  #trouble(error: unknown, count: number): number {
    if (count >= mostTroubles) {
      this.#fatal ??= { error };
      return 0;
    }
    const line = `${this.#name}: ${(error as Error).message} (trouble ${count} of ${mostTroubles} in a row; going on)`;
    // one database that is away is the trouble of every lane
    if (line !== this.#told) this.#options.log(line);
    this.#told = line;
    return Math.min(60, 2 ** count);
  }

  /** A `--once` worker that sees late leases stays until they can be taken over (leases.md 6). */
  async #isAnyWaiting(): Promise<boolean> {
    for (const step of new Set(this.#lanes.map((lane) => lane.step)))
      if ((await step.isWaiting?.()) === true) return true;
    return false;
  }
}

function freshLane(step: Step): Lane {
  return {
    step,
    turn: undefined,
    looked: -1,
    lookedAtS: 0,
    notBeforeS: Number.NEGATIVE_INFINITY,
    troubles: 0,
  };
}

function wait(seconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, Math.min(seconds * 1000, 2 ** 31 - 1));
    signal.addEventListener("abort", done);
  });
}
