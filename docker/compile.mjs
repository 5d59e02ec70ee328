/**
 * @module
 * Loads what one of the image's programs loads, once, while the image is built: what Node compiles of it is kept in NODE_COMPILE_CACHE. A
 * container that finds it starts in a third of the time and, since nothing is left to translate from TypeScript, with 13 MB less. It is of use on
 * processors with the same features as the one that built the image; on others Node compiles by itself.
 *
 *     NODE_COMPILE_CACHE=FOLDER/run_workflow node docker/compile.mjs run_workflow
 *     NODE_COMPILE_CACHE=FOLDER/tenon node docker/compile.mjs tenon
 */
import { readdirSync } from "node:fs";

// compiled code is of use under the flags alone under which it was compiled, so each is loaded as its program loads it
const load = {
  async run_workflow() {
    await import("./heartbeat.mjs");
    await import("../workflow/src/cli/run-workflow.ts");
    const { restCompilers, wakeCompilers } = await import("../workflow/src/populate/compilers.ts");
    restCompilers();
    await import("../workflow/src/cli/worker-program.ts");
    await drivers();
    // from its first key on
    wakeCompilers();
    const steps = new URL("../workflow/src/populate/steps/", import.meta.url);
    for (const name of readdirSync(steps)) await import(new URL(name, steps).href);
    await import("../workflow/src/ingest/find-recordings.ts");
  },
  async tenon() {
    await import("../workflow/src/cli/tenon.ts");
    const { commands } = await import("../workflow/src/cli/commands.ts");
    for (const command of Object.values(commands)) await command();
    await drivers();
  },
};

async function drivers() {
  for (const kind of ["mysql", "sqlite"]) await import(`../packages/datajoint/src/sql/${kind}/driver.ts`);
}

await load[process.argv[2]]();
