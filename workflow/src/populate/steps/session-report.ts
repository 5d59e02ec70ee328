/**
 * @module
 * Task write_session_reports: a page `report.html` for each session in its folder of results, and `manifest.json` beside the results of
 * each sorting; written anew only when something has changed.
 *
 * What a newcomer would get wrong: several workers may write the same page at once. Each writes a file of its own and renames it, so a
 * reader always finds a whole page.
 */
import { open } from "node:fs/promises";
import { outputPath } from "../../ingest/paths.ts";
import { pagePath, type SessionState, sessionStates, stateName } from "../../report/session-state.ts";
import { wakeCompilers } from "../compilers.ts";
import type { Lab } from "../lab.ts";
import type { TaskContext } from "../process.ts";

/** What this process has seen on disk, so that pages are not opened every cycle. */
const seen = new WeakMap<Lab, Map<string, string>>();

/** The sessions whose page is missing or out of date, whoever writes it. */
export async function outdatedReports(processedRoot: string): Promise<SessionState[]> {
  const outdated: SessionState[] = [];
  for (const session of await sessionStates())
    if ((await stateOfPage(pagePath(outputPath(processedRoot, session.sessionDir)))) !== session.state)
      outdated.push(session);
  return outdated;
}

/** Writes the pages that are missing or out of date.
 * @returns how many were written
 * @throws the first error, after all other sessions had their turn */
export async function writeSessionReports({ lab, signal, log }: TaskContext): Promise<number> {
  const known = seen.get(lab) ?? new Map<string, string>();
  seen.set(lab, known);
  let written = 0;
  const errors: unknown[] = [];
  for (const session of await sessionStates()) {
    signal.throwIfAborted();
    if (known.get(session.sessionDir) === session.state) continue;
    try {
      const path = pagePath(lab.outputFolder(session.sessionDir));
      if ((await stateOfPage(path)) !== session.state) {
        wakeCompilers();
        // figures are large: loaded when there is a page to write
        const { writeSessionReport } = await import("./write-session-report.ts");
        await writeSessionReport(lab, session, path, signal);
        log(`report: ${path}`);
        written++;
      }
      known.set(session.sessionDir, session.state);
    } catch (error) {
      signal.throwIfAborted();
      log(`report of ${session.sessionDir}: ${(error as Error).message}`);
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
  return written;
}

/** The state in a page's head; undefined when there is no page. */
async function stateOfPage(path: string): Promise<string | undefined> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    const head = new Uint8Array(2048);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    const text = Buffer.from(head.subarray(0, bytesRead)).toString("utf8");
    return new RegExp(`<meta name="${stateName}" content="([0-9a-f]*)">`).exec(text)?.[1];
  } finally {
    await file.close();
  }
}
