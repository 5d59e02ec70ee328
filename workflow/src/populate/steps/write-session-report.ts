/**
 * @module
 * Writes the page of one session, whole or not at all.
 */
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { sessionData } from "../../report/session-data.ts";
import { sessionPage } from "../../report/session-page.ts";
import type { SessionState } from "../../report/session-state.ts";
import { explain } from "../attempt-folder.ts";
import type { Lab } from "../lab.ts";
import { programVersion } from "./manifest.ts";
import { gatherManifests, provenanceOf } from "./sorting-manifest.ts";
import { writeWhole } from "./write-whole.ts";

/** @throws ResultsError when it cannot be written */
export async function writeSessionReport(
  lab: Lab,
  session: SessionState,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  await explain(path, async () => {
    await mkdir(dirname(path), { recursive: true });
    const page = await sessionData(session, {
      outputFolder: (relative) => lab.outputFolder(relative),
      programVersion,
      provenanceOf: async (folder) => {
        await gatherManifests(folder);
        return provenanceOf(folder);
      },
      signal,
    });
    await writeWhole(path, sessionPage(page));
  });
}
