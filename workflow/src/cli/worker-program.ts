/**
 * @module
 * What `run_workflow` does with its words: settings, one worker, an exit code.
 */
import { parseArgs } from "node:util";
import { StructuredLog } from "../operations/structured-log.ts";
import { startWorker } from "../populate/start-worker.ts";
import { workers } from "../populate/worker.ts";
import { loadSettings } from "../settings/settings.ts";
import { misuseOf, type Outer, sentence } from "./command.ts";
import { makeProgress } from "./progress.ts";
import { version } from "./tenon-version.ts";

const options = {
  duration: { type: "string", short: "d" },
  sleep: { type: "string", short: "s" },
  once: { type: "boolean" },
  grace: { type: "string" },
  "log-format": { type: "string" },
  "metrics-port": { type: "string" },
  config: { type: "string" },
  verbose: { type: "boolean", short: "v", multiple: true },
  help: { type: "boolean", short: "h" },
} as const;

const help = `Runs one worker of the pipeline: finds what is to be done, does it, and looks again.

usage: run_workflow <worker_name> [-d SECONDS] [-s SECONDS] [--once] [--grace SECONDS] [--log-format json] [--metrics-port N] [-v]

  -d, --duration SECONDS  begin no new cycle after this long (default: no end)
  -s, --sleep SECONDS     pause after a cycle that found nothing (default 30)
      --once              end when nothing is left to do
      --grace SECONDS     so long after SIGTERM the job in hand is given back (default: it is finished)
      --log-format FORMAT     text, or json: one object a line (default: custom.log_format, TENON_LOG_FORMAT)
      --metrics-port N        serve /metrics for Prometheus on this port; 0: any (default: custom.metrics_port, TENON_METRICS_PORT)
      --config FILE       configuration file instead of ./dj_local_conf.json
  -v, --verbose           a line for every key
  -h, --help              print this

Workers (defined in workflow/src/populate/worker.ts):
${Object.entries(workers)
  .map(([name, { summary }]) => `  ${name.padEnd(26)}${summary}`)
  .join("\n")}
`;

/** Runs `run_workflow ...words`; returns the exit code. `giveBack` is aborted by the second signal. */
export async function runWorkflow(
  words: readonly string[],
  outer: Outer,
  giveBack: AbortSignal,
): Promise<number> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(words);
  } catch (error) {
    outer.err.write(`${misuseOf(error)} See \`run_workflow --help\`.\n`);
    return 2;
  }
  const { values, positionals } = parsed;
  if (values.help === true) {
    outer.out.write(help);
    return 0;
  }
  const known = Object.keys(workers).join(", ");
  const [name, ...more] = positionals;
  if (name === undefined || more.length > 0) {
    outer.err.write(
      `run_workflow takes one worker's name, got ${positionals.length}. The workers are: ${known}.\n`,
    );
    return 2;
  }
  const worker = workers[name];
  if (worker === undefined) {
    outer.err.write(`Unknown worker '${name}'. The workers are: ${known}.\n`);
    return 2;
  }
  const [durationS, sleepS] = [seconds(values.duration, "duration"), seconds(values.sleep, "sleep")];
  const graceS = seconds(values.grace, "grace");
  let structured: StructuredLog | undefined;
  for (const value of [durationS, sleepS, graceS])
    if (typeof value === "string") {
      outer.err.write(`${value}\n`);
      return 2;
    }
  try {
    const settings = loadSettings({
      folder: outer.folder,
      env: {
        ...outer.env,
        ...(values["log-format"] === undefined ? {} : { TENON_LOG_FORMAT: values["log-format"] }),
        ...(values["metrics-port"] === undefined ? {} : { TENON_METRICS_PORT: values["metrics-port"] }),
      },
      ...(values.config === undefined ? {} : { file: values.config }),
    });
    structured = settings.logFormat === "json" ? new StructuredLog(name, outer.err) : undefined;
    const progress = makeProgress(structured === undefined ? outer.err : { write: () => undefined });
    const log = (line: string) => (structured === undefined ? progress.line(line) : structured.line(line));
    const summary = await startWorker(name, worker, settings, {
      ...(durationS === undefined ? {} : { durationS: durationS as number }),
      ...(sleepS === undefined ? {} : { sleepS: sleepS as number }),
      once: values.once === true,
      verbose: (values.verbose?.length ?? 0) > 0,
      signal: outer.signal,
      giveBack:
        graceS === undefined
          ? giveBack
          : AbortSignal.any([giveBack, graceAfter(outer.signal, graceS as number)]),
      log,
      progress,
      structured,
      version: version(),
    });
    log(`${name}: made ${summary.made}, failed ${summary.failed}, ended: ${summary.ended}`);
    if (summary.failed > 0) log(`${summary.failed} failed: \`tenon jobs\` shows why`);
    return 0;
  } catch (error) {
    const text = sentence(error, outer.env["TENON_DEBUG"] !== undefined);
    if (structured === undefined) outer.err.write(`${name}: ${text}\n`);
    else structured.error(text);
    return 1;
  }
}

/** Aborted so many seconds after the signal: schedulers send SIGTERM once, and SIGKILL a while later. */
function graceAfter(stop: AbortSignal, graceS: number): AbortSignal {
  const end = new AbortController();
  const begin = () =>
    setTimeout(() => end.abort(new Error(`${graceS} s after the signal`)), graceS * 1000).unref();
  if (stop.aborted) begin();
  else stop.addEventListener("abort", begin, { once: true });
  return end.signal;
}

function parse(words: readonly string[]) {
  return parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
}

function seconds(text: string | undefined, option: string): number | string | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) return `--${option} takes seconds, got '${text}'.`;
  // a negative duration means no end, as in the original
  return value < 0 ? undefined : value;
}
