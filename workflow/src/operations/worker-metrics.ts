/**
 * @module
 * What a worker tells Prometheus: keys and how they ended, how long they took, what is at work; and of the process itself, memory and
 * processor time. Served at `/metrics` of a port of this machine.
 */
import type { AddressInfo } from "node:net";
import type { PopulateEvent } from "@tenon/datajoint";

export interface MetricsOptions {
  readonly worker: string;
  readonly version: string;
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

export interface WorkerMetrics extends AsyncDisposable {
  readonly address: string;
  hear(process: string, event: PopulateEvent): void;
}

/** Seconds, for steps that take from a moment to a day. */
const durationBuckets = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];

/** Begins to serve.
 * @throws Error of the system when the port is taken */
export async function serveMetrics({ worker, version, host, port }: MetricsOptions): Promise<WorkerMetrics> {
  // loaded when it is asked for: an idle worker stays small. Node's http not by import, which touches each of its exports and so loads
  // all of undici with it (16 MB)
  const { createServer } = process.getBuiltinModule("node:http");
  const { Registry, Counter, Gauge, Histogram, collectDefaultMetrics } = await import("prom-client");
  const registry = new Registry();
  registry.setDefaultLabels({ worker });
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  new Gauge({
    name: "tenon_worker_info",
    help: "1; the version in a label",
    labelNames: ["version"],
    registers,
  }).set({ version }, 1);
  const ended = new Counter({
    name: "tenon_keys_total",
    help: "Keys by step and how they ended: done, failed, lost, released, skipped",
    labelNames: ["process", "outcome"],
    registers,
  });
  const durations = new Histogram({
    name: "tenon_key_duration_seconds",
    help: "How long keys took that are done",
    labelNames: ["process"],
    buckets: durationBuckets,
    registers,
  });
  const atWork = new Gauge({
    name: "tenon_keys_at_work",
    help: "Keys begun and not ended",
    labelNames: ["process"],
    registers,
  });
  const away = new Counter({
    name: "tenon_database_away_total",
    help: "How often the database did not answer",
    registers,
  });
  const server = createServer((request, response) => {
    if (request.url !== "/metrics" || request.method !== "GET") {
      response.writeHead(404).end("GET /metrics\n");
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { "content-type": registry.contentType }).end(text),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  server.unref();
  return {
    address: `http://${host}:${(server.address() as AddressInfo).port}/metrics`,
    hear(process, event) {
      if (event.kind === "started") atWork.inc({ process });
      else if (event.kind === "databaseAway") away.inc();
      else if (isEnd(event)) {
        atWork.dec({ process });
        ended.inc({ process, outcome: event.kind });
        if (event.kind === "done") durations.observe({ process }, event.durationS);
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function isEnd(event: PopulateEvent) {
  return ["done", "failed", "lost", "released", "skipped"].includes(event.kind) as boolean;
}
