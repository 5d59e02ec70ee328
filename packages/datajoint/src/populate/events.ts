/**
 * @module
 * What populate says while it works. Every key that is started ends in exactly one of done, skipped, failed, lost and released.
 */
import type { PythonReservation } from "../jobs/dead-python.ts";
import type { Attempt, Key } from "../table/make.ts";

export type PopulateEvent =
  | { readonly kind: "started"; readonly key: Key; readonly attempt: Attempt; readonly isTakeover: boolean }
  | {
      readonly kind: "progress";
      readonly key: Key;
      readonly done: number;
      readonly total: number;
      readonly what: string | undefined;
    }
  | { readonly kind: "done"; readonly key: Key; readonly attempt: Attempt; readonly durationS: number }
  /** The table has rows of this key already, by someone who did not reserve it or had no time to say so. */
  | { readonly kind: "skipped"; readonly key: Key; readonly durationS: number }
  | {
      readonly kind: "failed";
      readonly key: Key;
      readonly durationS: number;
      readonly message: string;
      readonly error: unknown;
    }
  /** The lease went to another worker or was removed by a person; nothing was inserted. */
  | {
      readonly kind: "lost";
      readonly key: Key;
      readonly attempt: Attempt;
      readonly durationS: number;
      readonly message: string;
    }
  /** Free again: the caller ended the work. */
  | { readonly kind: "released"; readonly key: Key; readonly durationS: number }
  /** The rows are committed, but what the caller does after that did not work. */
  | {
      readonly kind: "afterCommitFailed";
      readonly key: Key;
      readonly attempt: Attempt;
      readonly error: unknown;
    }
  /** A dead Python worker's reservation was removed, and its key is free. With `isKeyPartial` one key may have several rows, and a worker
   *  that was alive after all could store its rows beside ours. */
  | {
      readonly kind: "pythonReleased";
      readonly key: Key;
      readonly found: PythonReservation;
      readonly isKeyPartial: boolean;
    }
  /** Waiting for late leases of other workers, or for a database that does not answer. */
  | { readonly kind: "waiting"; readonly reason: string }
  | { readonly kind: "databaseAway"; readonly reason: string }
  | { readonly kind: "databaseBack" }
  | { readonly kind: "beaterDied"; readonly reason: string };

export type Listener = (event: PopulateEvent) => void;
