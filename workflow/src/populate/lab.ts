/**
 * @module
 * What the steps know of the laboratory: where raw data and results are, how many threads a computation may use, and the folders of
 * attempts that are in work.
 */

import type { Recording } from "@tenon/ephys";
import { openRecordingOfProbe } from "../ingest/find-recordings.ts";
import { findFullPath, outputPath } from "../ingest/paths.ts";
import { type Attempt, beginAttempt, dropAttempt, publishAttempt } from "./attempt-folder.ts";

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

export class Lab {
  readonly rawRoots: readonly string[];
  readonly processedRoot: string;
  /** Threads of one computation. */
  readonly threads: number;
  readonly #attempts = new Map<string, Attempt>();

  constructor(settings: { rawRoots: readonly string[]; processedRoot: string; threads: number }) {
    this.rawRoots = settings.rawRoots;
    this.processedRoot = settings.processedRoot;
    this.threads = settings.threads;
  }

  /** Absolute path of a session's folder.
   * @throws PathError */
  sessionFolder(sessionDir: string): string {
    return findFullPath(this.rawRoots, sessionDir);
  }

  /** Opens the recording of an insertion.
   * @throws PathError, RecordingError */
  openRecording(place: RecordingPlace): Promise<Recording> {
    return openRecordingOfProbe(this.sessionFolder(place.session_dir), place.probe);
  }

  /** Absolute folder of a clustering task's results.
   * @throws PathError when it lies outside the processed root */
  outputFolder(clusteringOutputDir: string): string {
    return outputPath(this.processedRoot, clusteringOutputDir);
  }

  /** The folder that an attempt writes into; becomes `<output>/<name>` once its rows are committed. */
  async begin(outputFolder: string, name: string, token: string, owner: AttemptOwner): Promise<string> {
    const attempt = await beginAttempt(outputFolder, name, token, owner);
    this.#attempts.set(token, attempt);
    return attempt.folder;
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
}
