/**
 * @module
 * `tenon deploy kubernetes`: manifests of the workers for a cluster, scaled by KEDA from what waits in the database.
 */

import { manifests, type QueryOf } from "../../deploy/kubernetes/manifests.ts";
import type { ClusterOptions } from "../../deploy/kubernetes/pod-template.ts";
import { waitingQuery } from "../../deploy/kubernetes/waiting-query.ts";
import type { Settings } from "../../settings/settings.ts";
import { ConfigurationError } from "../../settings/settings.ts";
import { type Arguments, type Command, UsageError, wholeNumber } from "../command.ts";
import { deliver, fileOptions, needsFrom, needsOptions, outFolder } from "../deploy-files.ts";
import { version } from "../tenon-version.ts";
import { withPipeline } from "../with-pipeline.ts";

export const deployKubernetes: Command = {
  summary: "manifests for Kubernetes, scaled by KEDA from what waits",
  usage: "[--out DIR] [--namespace N] [--images NAME] [--fixed [--replicas N]]",
  details: `
Writes DIR (default ./kubernetes): kubectl apply -k DIR. The secret is made by hand, secret.example.yaml says how; no file holds a password.
KEDA's questions are made from the pipeline in the configured database, so it must be there; --fixed writes Deployments without KEDA and
needs no database. Pods run without root, with a read-only image and no capability. Sorts run as jobs that scaling never stops.`,
  options: {
    ...fileOptions,
    ...needsOptions,
    namespace: { type: "string", value: "N", help: "namespace of all (default tenon)" },
    images: { type: "string", value: "NAME", help: "begins the images' names (default localhost/tenon)" },
    tag: { type: "string", value: "TAG", help: "tag of the images (default: this version)" },
    host: {
      type: "string",
      value: "HOST",
      help: "the database as pods reach it (default: the configuration's)",
    },
    port: { type: "string", value: "N", help: "its port" },
    most: { type: "string", value: "N", help: "pods of one worker at the most (default 10)" },
    "storage-class": { type: "string", value: "C", help: "class of the volumes (ReadWriteMany)" },
    "raw-size": {
      type: "string",
      value: "SIZE",
      help: "size of the volume for session folders (default 10Ti)",
    },
    "processed-size": {
      type: "string",
      value: "SIZE",
      help: "size of the volume for results (default 10Ti)",
    },
    "gpu-nodes": {
      type: "string",
      value: "LABEL=VALUE",
      help: "label of nodes with GPUs (default nvidia.com/gpu.present=true)",
    },
    fixed: { type: "boolean", help: "a fixed number of pods; no KEDA, no database needed" },
    replicas: { type: "string", value: "N", help: "with --fixed: pods of each worker (default 1)" },
  },
  words: [0, 0],
  async run(args, context) {
    const isFixed = args.options["fixed"] === true;
    const replicas = wholeNumber(args, "replicas");
    if (replicas !== undefined && !isFixed) throw new UsageError("--replicas goes with --fixed.");
    const options = clusterOptions(args, context.settings());
    const needs = needsFrom(args);
    const folder = outFolder(args, context, "kubernetes");
    const next = [
      `make the secret as secret.example.yaml says, then: kubectl apply -k ${folder}`,
      `what waits, and who works: tenon status`,
    ];
    if (isFixed)
      return deliver(args, context, folder, manifests(needs, options, undefined, replicas ?? 1), next);
    return withPipeline(
      context,
      async () => {
        const queries = new Map<string, string>();
        for (const { worker } of needs)
          for (const counts of ["free", "unfinished"] as const) {
            const { sql, withoutQueue } = await waitingQuery(worker, counts);
            queries.set(`${worker} ${counts}`, sql);
            if (counts === "free" && withoutQueue.length > 0)
              context.err.write(
                `warning: no worker has run ${withoutQueue.join(", ")} yet, so keys that fail there would keep pods alive. Run this once more after the first session.\n`,
              );
          }
        const queryOf: QueryOf = (worker, counts) => queries.get(`${worker} ${counts}`)!;
        return deliver(args, context, folder, manifests(needs, options, queryOf, 1), next);
      },
      { create: false },
    );
  },
};

/** @throws UsageError, ConfigurationError */
function clusterOptions(args: Arguments, settings: Settings): ClusterOptions {
  const { database, file, prefix } = settings;
  if (database.kind !== "mysql")
    throw new ConfigurationError(
      "Pods share a MySQL or MariaDB server; the configuration says SQLite, which is for one machine. Set database.host (`tenon deploy mysql` prepares a server).",
      "database.host",
      file ?? "the environment",
    );
  const text = (name: string, otherwise: string) => (args.options[name] as string | undefined) ?? otherwise;
  const name = text("namespace", "tenon");
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name))
    throw new UsageError(`--namespace takes small letters, digits and dashes, got '${name}'.`);
  for (const option of ["raw-size", "processed-size"])
    if (!/^\d+(\.\d+)?([KMGTPE]i?)?$/.test(text(option, "10Ti")))
      throw new UsageError(`--${option} takes a size like 500Gi, got '${text(option, "")}'.`);
  const host = text("host", database.host);
  const label = text("gpu-nodes", "nvidia.com/gpu.present=true");
  const [, key, value] = /^([\w./-]+)=([\w.-]*)$/.exec(label) ?? [];
  if (key === undefined || value === undefined)
    throw new UsageError(`--gpu-nodes takes LABEL=VALUE, got '${label}'.`);
  const storageClass = args.options["storage-class"] as string | undefined;
  return {
    namespace: name,
    images: text("images", "localhost/tenon"),
    tag: text("tag", version()),
    host,
    port: wholeNumber(args, "port", 1) ?? database.port,
    user: database.user,
    prefix,
    // a server on this machine is another machine for a pod
    tls: database.tls !== false,
    storageClass,
    rawSize: text("raw-size", "10Ti"),
    processedSize: text("processed-size", "10Ti"),
    gpuNodes: { [key]: value },
    most: wholeNumber(args, "most", 1) ?? 10,
  };
}
