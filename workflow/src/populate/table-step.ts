/**
 * @module
 * A step that fills a table, as the worker's loop runs it: populate under leases, with the files of each attempt sealed before its insert
 * transaction, published after its commit, thrown away when it fails.
 */
import {
  findQueue,
  type Leases,
  not,
  type PopulateError,
  type PopulateEvent,
  type PopulateOptions,
  type PopulateTable,
  populate,
  readJobs,
} from "@tenon/datajoint";
import type { PauseWatch } from "../operations/pause-watch.ts";
import { type Portion, type PriorityRule, portionsOf } from "../operations/priorities.ts";
import { ResultsError, whyNotWritten } from "./attempt-folder.ts";
import type { Lab } from "./lab.ts";
import type { TableStep } from "./process.ts";
import type { Step, TurnResult } from "./run-worker.ts";

export interface TableStepTools {
  readonly lab: Lab;
  readonly leases: Leases;
  /** Aborted to give the key at work back. */
  readonly giveBack: AbortSignal;
  readonly pauses: PauseWatch;
  readonly priorities: () => Promise<readonly PriorityRule[]>;
}

/** Makes the loop's step of a table's. */
export function tableStep({ process, table, options }: TableStep, tools: TableStepTools): Step {
  const { lab, leases, giveBack } = tools;
  const target = withClearErrors(table, lab.processedRoot);
  return {
    process,
    resources: options.resources ?? {},
    ...(options.lanes === undefined ? {} : { lanes: options.lanes }),
    run: ({ signal, onEvent }) =>
      turnOf(process, tools, async (pause) => {
        const files = new AttemptFiles(lab);
        const tally = { successCount: 0, errors: [] as PopulateError[] };
        const names = target.keySource().node.heading.primaryKey;
        for (const portion of portionsOf(await tools.priorities(), process, names)) {
          const left =
            options.maxCalls === undefined
              ? undefined
              : options.maxCalls - tally.successCount - tally.errors.length;
          if (left === 0 || signal.aborted || pause.aborted) break;
          const { successCount, errors } = await populate(target, {
            restrictions: restrictionsOf(portion),
            reserve: true,
            suppressErrors: true,
            leases,
            maxCalls: left,
            finish: AbortSignal.any([signal, pause]),
            signal: giveBack,
            beforeInsert: ({ token }) => lab.seal(`${token}`),
            afterCommit: ({ token }) => lab.publish(`${token}`),
            onEvent: (event) => {
              files.hear(event);
              onEvent(event);
            },
          });
          tally.successCount += successCount;
          tally.errors.push(...errors);
        }
        await files.settled();
        return tally;
      }),
    isWaiting: async () => {
      const queue = await findQueue(target);
      return queue !== undefined && (await readJobs(queue, "reserved")).some((job) => job.isLate);
    },
  };
}

/** A turn unless the step is paused. */
export async function turnOf(
  process: string,
  { pauses }: Pick<TableStepTools, "pauses">,
  work: (pause: AbortSignal) => Promise<TurnResult>,
): Promise<TurnResult> {
  return (await pauses.unlessPaused(process, work)) ?? { successCount: 0, errors: [], isPaused: true };
}

function restrictionsOf({ only, not: others }: Portion): NonNullable<PopulateOptions["restrictions"]> {
  return [...only, ...others.map((rule) => not(rule))];
}

/** What becomes of an attempt's files when its rows are not committed. Populate works on one key at a time. */
class AttemptFiles {
  readonly #lab: Lab;
  readonly #drops: Promise<void>[] = [];
  #token = "";

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  hear(event: PopulateEvent): void {
    if (event.kind === "started") this.#token = `${event.attempt.token}`;
    else if (event.kind === "failed" || event.kind === "released" || event.kind === "skipped")
      this.#drops.push(this.#lab.drop(this.#token));
    else if (event.kind === "lost") this.#lab.leave(this.#token);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#drops);
  }
}

/** The table with a make whose file errors are sentences: a full disk, a read-only one. */
function withClearErrors(table: PopulateTable, processedRoot: string): PopulateTable {
  const { make } = table;
  if (make === undefined) return table;
  return {
    connection: table.connection,
    schema: table.schema,
    table: table.table,
    heading: table.heading,
    generation: table.generation,
    className: table.className,
    keySource: () => table.keySource(),
    make: {
      fetch: (key) => make.fetch(key),
      insert: (key, computed, context) => make.insert(key, computed, context),
      compute: async (key, fetched, context) => {
        try {
          return await make.compute(key, fetched, context);
        } catch (cause) {
          const reason = whyNotWritten(cause, processedRoot);
          if (reason === undefined) throw cause;
          throw new ResultsError(`Cannot write results to ${processedRoot}: ${reason}.`, processedRoot, {
            cause,
          });
        }
      },
    },
  };
}
