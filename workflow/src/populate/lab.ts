/**
 * @module
 * What the steps know of the laboratory: where raw data and results are, how many threads a computation may use, and the folders of
 * attempts that are in work.
 *
 * The life of an attempt's files: `begin` in compute; then the worker seals them before the insert transaction and publishes them after its
 * COMMIT. What a worker that died in between could not publish is found by `sweep`, at the latest by the step that waits for it: asking for
 * an output folder puts it on the list of those to be swept.
 */
import { access, constants, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Recording } from "@tenon/ephys";
import { findFullPath, outputPath } from "../ingest/paths.ts";
import { currentGrant } from "../operations/resource-pool.ts";
import {
  type Attempt,
  type AttemptNote,
  beginAttempt,
  dropAttempt,
  explain,
  publishAttempt,
  sealAttempt,
} from "./attempt-folder.ts";
import { type AttemptState, findAttemptParents, type Swept, sweepAttempts } from "./sweep-attempts.ts";

/** Where the recording of an insertion is, as the database says it. */
export interface RecordingPlace {
  readonly session_dir: string;
  /** The probe's serial number. */
  readonly probe: string;
}

/** Whose attempt a folder is: the table and the key that it computes. */
export interface AttemptOwner {
  /** `ephys_sorter.PreProcessing`, as the worker log names it. */
  readonly process: string;
  readonly key: Readonly<Record<string, unknown>>;
}

export interface LabSettings {
  readonly rawRoots: readonly string[];
  readonly processedRoot: string;
  readonly threads: number;
  /** What the database says of an attempt. Default: nothing is known, so that nothing is swept. */
  readonly stateOf?: (attempt: AttemptNote, ageS: number) => Promise<AttemptState>;
  /** Folders below the processed root that hold no attempts: stores of blobs. */
  readonly stores?: readonly string[];
}

export class Lab {
  readonly rawRoots: readonly string[];
  readonly processedRoot: string;
  readonly #threads: number;
  readonly #stateOf: NonNullable<LabSettings["stateOf"]>;
  readonly #stores: ReadonlySet<string>;
  readonly #attempts = new Map<string, Attempt>();
  /** Folders that may hold attempts which are not settled. */
  readonly #unsettled = new Set<string>();

  constructor(settings: LabSettings) {
    this.rawRoots = settings.rawRoots;
    this.processedRoot = settings.processedRoot;
    this.#threads = settings.threads;
    this.#stateOf = settings.stateOf ?? (() => Promise.resolve("running"));
    this.#stores = new Set(settings.stores ?? []);
  }

  /** Threads of one computation: as many processors as the step was granted. */
  get threads(): number {
    return Math.max(1, Math.floor(currentGrant()?.cpus ?? this.#threads));
  }

  /** Absolute path of a session's folder.
   * @throws PathError */
  sessionFolder(sessionDir: string): string {
    return findFullPath(this.rawRoots, sessionDir);
  }

  /** Opens the recording of an insertion.
   * @throws PathError, RecordingError */
  async openRecording(place: RecordingPlace): Promise<Recording> {
    // what reads recordings is large, and a worker that waits for keys need not have it
    const { openRecordingOfProbe } = await import("../ingest/find-recordings.ts");
    return openRecordingOfProbe(this.sessionFolder(place.session_dir), place.probe);
  }

  /** Absolute folder of a clustering task's results.
   * @throws PathError when it lies outside the processed root */
  outputFolder(clusteringOutputDir: string): string {
    const folder = outputPath(this.processedRoot, clusteringOutputDir);
    this.#unsettled.add(folder);
    return folder;
  }

  /** Makes the processed root, and stores below it, when they are not there, and makes sure that it can be written to. A store that is
   *  elsewhere is not made: an empty folder in place of a disk that is not mounted would take what belongs there.
   * @throws ResultsError */
  async checkProcessedRoot(): Promise<void> {
    await explain(this.processedRoot, async () => {
      await mkdir(this.processedRoot, { recursive: true });
      await access(this.processedRoot, constants.W_OK);
      for (const store of this.#stores)
        if (store.startsWith(`${this.processedRoot}/`)) await mkdir(store, { recursive: true });
    });
  }

  /** The folder that an attempt writes into; becomes `<output>/<name>` once its rows are committed. */
  async begin(outputFolder: string, name: string, token: string, owner: AttemptOwner): Promise<string> {
    const attempt = await beginAttempt(outputFolder, name, token, owner);
    this.#attempts.set(token, attempt);
    this.#unsettled.add(outputFolder);
    return attempt.folder;
  }

  /** Says that what an attempt wrote is whole, before its insert transaction; does nothing for attempts without files. */
  async seal(token: string): Promise<void> {
    const attempt = this.#attempts.get(token);
    if (attempt !== undefined) await sealAttempt(attempt);
  }

  /** Publishes what an attempt wrote, after its COMMIT; does nothing for attempts without files. */
  async publish(token: string): Promise<void> {
    const attempt = this.#attempts.get(token);
    this.#attempts.delete(token);
    if (attempt !== undefined) await publishAttempt(attempt);
  }

  /** Throws away what a failed attempt wrote. */
  async drop(token: string): Promise<void> {
    const attempt = this.#attempts.get(token);
    this.#attempts.delete(token);
    if (attempt !== undefined) await dropAttempt(attempt);
  }

  /** Leaves what an attempt wrote to the sweep: its lease is lost, and only the database knows whether its rows are in. */
  leave(token: string): void {
    this.#attempts.delete(token);
  }

  /** Settles the attempts of dead processes.
   * @param everywhere  looks for them below the whole processed root, not only where this process knows of some */
  async sweep(everywhere: boolean): Promise<Swept> {
    if (everywhere)
      for (const parent of await findAttemptParents(this.processedRoot, this.#stores))
        this.#unsettled.add(parent);
    const all: Swept = { published: [], deleted: [], running: [] };
    for (const parent of [...this.#unsettled]) {
      const { published, deleted, running } = await sweepAttempts(parent, this.#stateOf);
      all.published.push(...published.map((name) => join(parent, name)));
      all.deleted.push(...deleted.map((name) => join(parent, name)));
      all.running.push(...running.map((name) => join(parent, name)));
      if (running.length === 0) this.#unsettled.delete(parent);
    }
    return all;
  }
}
