/**
 * @module
 * All files of `tenon deploy kubernetes`: what `kubectl apply -k DIR` applies, and what is used by hand beside it.
 */
import { Document } from "yaml";
import type { WorkerNeeds } from "../worker-needs.ts";
import type { DeployFile } from "../written-files.ts";
import { type ClusterOptions, names } from "./pod-template.ts";
import {
  kedaAccount,
  namespace,
  networkPolicy,
  secretExample,
  settings,
  volumeClaim,
} from "./surroundings.ts";
import { deployment, disruptionBudget, onceJob, scaledJob, scaledObject, steadyWorker } from "./workloads.ts";

/** The question of one worker's scaler. */
export type QueryOf = (worker: string, counts: "free" | "unfinished") => string;

/** @param queryOf  undefined: fixed numbers of replicas, without KEDA
 * @param replicas  of each Deployment, without KEDA */
export function manifests(
  needs: readonly WorkerNeeds[],
  options: ClusterOptions,
  queryOf: QueryOf | undefined,
  replicas: number,
): readonly DeployFile[] {
  const applied: [path: string, object: object, comment: string][] = [
    ["namespace.yaml", namespace(options), "pods that ask for privileges are refused in it"],
    ["settings.yaml", settings(options), "what workers read beside the secret"],
    ["raw.yaml", volumeClaim(names.raw, options.rawSize, options), "session folders; workers only read them"],
    ["processed.yaml", volumeClaim(names.processed, options.processedSize, options), "results"],
    [
      "network.yaml",
      networkPolicy(options),
      "nobody calls a worker; workers call the database, names, notices",
    ],
  ];
  if (queryOf !== undefined)
    applied.push([
      "keda-account.yaml",
      kedaAccount(options),
      "who asks what waits: an account that may only read",
    ]);
  for (const need of needs) {
    const { worker } = need;
    const file = `${worker.replaceAll("_", "-")}.yaml`;
    if (queryOf === undefined || worker === steadyWorker) {
      applied.push([
        file,
        deployment(need, queryOf === undefined ? replicas : undefined, options),
        queryOf === undefined ? "a fixed number of workers" : "its number is KEDA's",
      ]);
      applied.push([
        `disruption-${file}`,
        disruptionBudget(worker, options),
        "nodes are drained one pod at a time",
      ]);
    }
    if (queryOf === undefined) continue;
    if (worker === steadyWorker)
      applied.push([
        `scale-${file}`,
        scaledObject(need, queryOf(worker, "unfinished"), options),
        "one pod for each unfinished key, from 1 on: it also runs the steps that are functions",
      ]);
    else
      applied.push([
        file,
        scaledJob(need, queryOf(worker, "free"), options),
        "one job for each free key, from 0 on; a job ends when nothing waits, and is never stopped by scaling",
      ]);
  }
  const kustomization = {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    namespace: options.namespace,
    resources: applied.map(([path]) => path),
  };
  return [
    yamlFile(
      "kustomization.yaml",
      kustomization,
      "kubectl apply -k .   (the secret first: secret.example.yaml)",
    ),
    ...applied.map(([path, object, comment]) => yamlFile(path, object, comment)),
    yamlFile(
      "secret.example.yaml",
      secretExample(options),
      `Not applied, and no place for real values: it shows the keys. Make the secret with\nkubectl -n ${options.namespace} create secret generic ${names.secret} --from-file=password=FILE${options.tls ? " --from-file=ca.pem=FILE" : ""} --from-file=keda-connection=FILE`,
    ),
    yamlFile(
      "job-doctor.yaml",
      onceJob(needs[0]!, "doctor", ["tenon", "doctor"], options),
      "Not applied: a command that runs once, kubectl create -f job-doctor.yaml. For another one change the words of `command`.",
    ),
  ];
}

/** An object as YAML with a comment above it. */
export function yamlFile(path: string, object: object, comment: string): DeployFile {
  const document = new Document(object, { aliasDuplicateObjects: false });
  document.commentBefore = comment
    .split("\n")
    .map((line) => ` ${line}`)
    .join("\n");
  return { path, content: document.toString({ lineWidth: 0 }) };
}
