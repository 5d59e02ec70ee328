/**
 * @module
 * `tenon metrics`: the state of the pipeline for Prometheus, to be written into a file of node_exporter's textfile collector.
 */
import { backupState } from "../../operations/backup-log.ts";
import { readPauses } from "../../operations/pauses.ts";
import { msOfUtc } from "../../operations/utc.ts";
import { readPresence } from "../../populate/presence.ts";
import { pipelineStatus } from "../../populate/status.ts";
import type { Command } from "../command.ts";
import { withPipeline } from "../with-pipeline.ts";

export const metrics: Command = {
  summary: "the pipeline's state for Prometheus (workers serve their own: --metrics-port)",
  usage: "",
  details: `
Prints Prometheus' text format; from cron every few minutes: tenon metrics > /var/lib/node_exporter/tenon.prom.new && mv it over tenon.prom.
tenon_jobs{process,status} keys in all, done, running, late, error, ignored, remaining; tenon_workers processes seen in ten minutes; tenon_paused
pauses; tenon_backup_timestamp_seconds, tenon_rehearsal_timestamp_seconds. JSON: {text}.`,
  options: {},
  words: [0, 0],
  run: (_args, context) =>
    withPipeline(
      context,
      async () => {
        const { Gauge, Registry } = await import("prom-client");
        const registry = new Registry();
        const registers = [registry];
        const gauge = <Label extends string>(name: string, help: string, labelNames: Label[] = []) =>
          new Gauge({ name, help, labelNames, registers });
        const jobs = gauge("tenon_jobs", "Keys of a step by what they are", ["process", "status"]);
        for (const { process, ...counts } of await pipelineStatus())
          for (const [status, count] of Object.entries(counts)) jobs.set({ process, status }, Number(count));
        gauge("tenon_workers", "Worker processes seen in the last ten minutes, or holding keys").set(
          (await readPresence(600)).length,
        );
        gauge("tenon_paused", "Pauses by operators").set((await readPauses()).length);
        const { last, rehearsed } = await backupState();
        if (last !== null)
          gauge("tenon_backup_timestamp_seconds", "When the newest backup was made").set(
            msOfUtc(last.madeAt) / 1000,
          );
        if (rehearsed !== null)
          gauge(
            "tenon_rehearsal_timestamp_seconds",
            "When a backup was last restored on trial and was good",
          ).set(msOfUtc(rehearsed.rehearsedAt!) / 1000);
        const text = await registry.metrics();
        context.out.write(context.json ? `${JSON.stringify({ text })}\n` : text);
        return 0;
      },
      { create: false },
    ),
};
