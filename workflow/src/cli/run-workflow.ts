#!/usr/bin/env node
/**
 * @module
 * The program `run_workflow <worker_name>`: one worker process.
 *
 * Exit code 0 when it stops idle, on time or by SIGTERM; 1 when it failed; 2 when misused. The first SIGTERM (or SIGINT) finishes the
 * job in hand, the second gives it back and leaves. When the program that started it (bin, npm) is killed, it gives back and leaves too.
 */
import { restCompilers } from "../populate/compilers.ts";
import { onStarterGone } from "./lifeline.ts";

if (import.meta.main) {
  // before the rest of the program is loaded
  restCompilers();
  const { runWorkflow } = await import("./worker-program.ts");
  const [stop, giveBack] = [new AbortController(), new AbortController()];
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      // the lease of a job that cannot be stopped ends by itself
      if (giveBack.signal.aborted) process.exit(1);
      if (stop.signal.aborted) giveBack.abort(new Error(`Second ${signal}`));
      stop.abort(new Error(`Stopped by ${signal}`));
    });
  onStarterGone(() => {
    const reason = new Error("The program that started this worker was killed.");
    stop.abort(reason);
    giveBack.abort(reason);
  });
  process.exitCode = await runWorkflow(
    process.argv.slice(2),
    {
      out: process.stdout,
      err: process.stderr,
      env: process.env,
      folder: process.cwd(),
      signal: stop.signal,
    },
    giveBack.signal,
  );
}
