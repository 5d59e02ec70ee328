/**
 * @module
 * What a fault acts on during a round: the crew, the wire, the server, the disk, the queue; and how it is told that the round is over.
 */
import type { Connection, JobQueue } from "@tenon/datajoint";
import type { Crew } from "./crew.ts";
import type { Wire } from "./wire.ts";
import type { Plan } from "./worker-process.ts";

/** What a lab gave a rehearsal beside its database. */
export interface Means {
  /** Shell commands that restart the database server; undefined: it is not restarted. */
  readonly restartServer: string | undefined;
  /** Shell command that steps the server's clock by `$SECONDS`; undefined: the leases are moved instead. */
  readonly stepClock: string | undefined;
  /** A folder on a small disk that may be filled up; undefined: no disk is filled. */
  readonly smallDisk: string | undefined;
  /** Whether the database is reached over a network, so that a wire can be cut. */
  readonly hasWire: boolean;
}

export interface Stage {
  readonly crew: Crew;
  readonly wire: Wire | undefined;
  /** Past the wire: the rehearsal's own connection. */
  readonly connection: Connection;
  /** Of the table that is computed, once there is one. */
  readonly queue: () => Promise<JobQueue | undefined>;
  readonly processedRoot: string;
  readonly leaseS: number;
  /** Waits, or resolves early when everything is done. */
  readonly pause: (seconds: number) => Promise<void>;
  /** Waits until this share of the keys is done, or everything is. */
  readonly untilDone: (share: number) => Promise<void>;
  readonly isOver: () => boolean;
}

/** One start of a worker in a round. */
export interface WorkerStart {
  /** Counts the starts of the round, from 0. */
  readonly nth: number;
  /** Which of the crew, from 0; one that ended is followed by another in its place. */
  readonly place: number;
  /** Of the round; with it other phases come first. */
  readonly seed: number;
  readonly chance: () => number;
}

export interface Fault {
  readonly name: string;
  /** For people: what is done to whom. */
  readonly what: string;
  /** Why it cannot be rehearsed with these means; undefined when it can. */
  readonly cannot: (means: Means) => string | undefined;
  /** Part of the crew behind the wire: all, the first half, or nobody. */
  readonly behindWire?: "all" | "half";
  /** What the next worker of the crew does to itself. */
  readonly plan?: (start: WorkerStart) => Plan | undefined;
  /** Acts during the round; returns how often it struck. Errors of its own end the round. */
  readonly strike?: (stage: Stage, means: Means) => Promise<number>;
}
