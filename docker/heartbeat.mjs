/**
 * @module
 * Loaded before a worker in a container (`node --import`): touches TENON_HEARTBEAT_FILE every ten seconds for as long as the worker's event
 * loop turns. `tenon-healthy` looks at the file's age. It asks neither the database nor the network, so that a server that is away does not
 * make an orchestrator kill every worker of the lab.
 */
import { writeFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const file = process.env.TENON_HEARTBEAT_FILE;
const everyMs = 10_000;

// threads that a step starts load this too; theirs is not the loop that is watched
if (isMainThread && file !== undefined && file !== "") {
  let told = false;
  const beat = () => {
    try {
      writeFileSync(file, `${process.pid}\n`);
      told = false;
    } catch (error) {
      // a full /tmp is no reason to end a sorting of hours; the orchestrator sees that no heartbeat comes
      if (!told) process.stderr.write(`no heartbeat: ${error.message}\n`);
      told = true;
    }
  };
  beat();
  setInterval(beat, everyMs).unref();
}
