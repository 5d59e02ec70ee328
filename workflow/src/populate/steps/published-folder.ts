/**
 * @module
 * Waiting for the files of an earlier step.
 *
 * What a newcomer would get wrong: a step's rows are committed a moment before its folder is renamed into place, so a worker that sees the
 * rows may look for the folder too early. If the writer died in between, another worker repeats the rename.
 */
import { stat } from "node:fs/promises";
import { join } from "node:path";

/** Thrown when results of an earlier step are not where the database says they are. */
export class MissingResultsError extends Error {
  override readonly name = "MissingResultsError";
  readonly path: string;
  constructor(message: string, path: string) {
    super(message);
    this.path = path;
  }
}

const pollMs = 200;

/** The absolute path of a published folder, waiting for it if it is not there yet.
 * @param step  what publishes it, for the message
 * @param patienceS  how long it may take; default 60 s
 * @throws MissingResultsError; the signal's reason */
export async function publishedFolder(
  output: string,
  name: string,
  step: string,
  signal: AbortSignal,
  patienceS = 60,
): Promise<string> {
  const folder = join(output, name);
  const end = performance.now() + 1000 * patienceS;
  for (;;) {
    signal.throwIfAborted();
    if ((await stat(folder).catch(() => undefined))?.isDirectory() === true) return folder;
    if (performance.now() > end) break;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw new MissingResultsError(
    `${step} is done according to the database, but its results are not in ${folder}. They were moved or deleted, or the disk is not ` +
      `mounted here. Put them back, or delete the rows of ${step} to have them computed again; then retry this job.`,
    folder,
  );
}
