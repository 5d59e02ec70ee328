/**
 * @module
 * What runs the pods: Deployments with a fixed number, or, with KEDA, as many as there is work for.
 *
 * With KEDA a worker whose keys take seconds to minutes is a Deployment that is scaled (a pod that is taken away gives its key back). One
 * whose keys take hours is a ScaledJob: each job drains the queue and ends by itself, so scaling down never stops a sort.
 */
import type { IScaledJob } from "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledJob";
import type { IScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject";
import type { IDeployment } from "kubernetes-models/apps/v1/Deployment";
import type { IJob } from "kubernetes-models/batch/v1/Job";
import type { IPodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import { dashed, type WorkerNeeds } from "../worker-needs.ts";
import { type ClusterOptions, labelsOf, names, podTemplate } from "./pod-template.ts";

/** Workers with steps that are functions run once a cycle: there is always one of them. */
export const steadyWorker = "standard_worker";

const metadata = (worker: string, { namespace }: ClusterOptions) => ({
  name: dashed(worker),
  namespace,
  labels: labelsOf(worker),
});

const words = ({ worker, graceS }: WorkerNeeds) => ["run_workflow", worker, "--grace", String(graceS)];

/** @param replicas  undefined when KEDA sets it */
export function deployment(
  needs: WorkerNeeds,
  replicas: number | undefined,
  options: ClusterOptions,
): IDeployment {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: metadata(needs.worker, options),
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      selector: { matchLabels: labelsOf(needs.worker) },
      // workers do not answer anyone: old and new ones may work side by side
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
      template: podTemplate(needs, words(needs), "Always", options),
    },
  };
}

const trigger = (sql: string, name: string) => ({
  type: "mysql",
  metadata: { query: sql, queryValue: "1" },
  authenticationRef: { name },
});

/** @param sql  unfinished keys of the worker: those at work keep their pods */
export function scaledObject(needs: WorkerNeeds, sql: string, options: ClusterOptions): IScaledObject {
  return {
    apiVersion: "keda.sh/v1alpha1",
    kind: "ScaledObject",
    metadata: metadata(needs.worker, options),
    spec: {
      scaleTargetRef: { name: dashed(needs.worker) },
      pollingInterval: 30,
      cooldownPeriod: 300,
      minReplicaCount: 1,
      maxReplicaCount: options.most,
      triggers: [trigger(sql, names.account)],
    },
  };
}

/** @param sql  free keys of the worker: those at work have their jobs */
export function scaledJob(needs: WorkerNeeds, sql: string, options: ClusterOptions): IScaledJob {
  return {
    apiVersion: "keda.sh/v1alpha1",
    kind: "ScaledJob",
    metadata: metadata(needs.worker, options),
    spec: {
      pollingInterval: 30,
      minReplicaCount: 0,
      maxReplicaCount: options.most,
      successfulJobsHistoryLimit: 5,
      failedJobsHistoryLimit: 10,
      // a new version of the files must not stop sorts that run
      rollout: { strategy: "gradual" },
      scalingStrategy: { strategy: "accurate" },
      jobTargetRef: {
        // the queue is what tries again
        backoffLimit: 0,
        template: podTemplate(needs, [...words(needs), "--once"], "Never", options, {
          "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
        }),
      },
      triggers: [trigger(sql, names.account)],
    },
  };
}

/** A command that is run once: `kubectl create -f`, as often as one likes. */
export function onceJob(
  needs: WorkerNeeds,
  name: string,
  command: readonly string[],
  options: ClusterOptions,
): IJob {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      generateName: `tenon-${name}-`,
      namespace: options.namespace,
      labels: labelsOf(`tenon_${name}`),
    },
    spec: {
      backoffLimit: 0,
      ttlSecondsAfterFinished: 86_400,
      template: {
        ...podTemplate({ ...needs, cpus: 1, memoryGb: 2, gpus: 0 }, command, "Never", options),
        metadata: { labels: labelsOf(`tenon_${name}`) },
      },
    },
  };
}

/** Draining of nodes takes one pod of a Deployment at a time; jobs are protected by their annotation. */
export function disruptionBudget(worker: string, options: ClusterOptions): IPodDisruptionBudget {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: metadata(worker, options),
    spec: { maxUnavailable: 1, selector: { matchLabels: labelsOf(worker) } },
  };
}
