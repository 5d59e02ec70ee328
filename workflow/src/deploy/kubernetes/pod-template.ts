/**
 * @module
 * The pod of a worker: no root, no writable image, no capability, no token of the cluster; the password as a file; probes that ask the
 * worker's own heartbeat and not the database, so that a server that is away does not restart a whole lab.
 */
import type { IIoK8sApiCoreV1PodTemplateSpec as PodTemplate } from "kubernetes-models/v1/PodTemplateSpec";
import { dashed, leaveS, type WorkerNeeds } from "../worker-needs.ts";

export interface ClusterOptions {
  readonly namespace: string;
  /** Begins the images' names: `registry.lab.example/tenon`. */
  readonly images: string;
  readonly tag: string;
  /** The server, as pods reach it. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly prefix: string;
  /** Whether connections are encrypted, and checked with the secret's `ca.pem`. */
  readonly tls: boolean;
  /** Class of the volumes; undefined: the cluster's default. */
  readonly storageClass: string | undefined;
  readonly rawSize: string;
  readonly processedSize: string;
  /** Labels of nodes with GPUs. */
  readonly gpuNodes: Readonly<Record<string, string>>;
  /** Pods of one worker at the most. */
  readonly most: number;
}

export const names = {
  settings: "tenon-settings",
  secret: "tenon-database",
  raw: "tenon-raw",
  processed: "tenon-processed",
  account: "tenon-keda",
} as const;

/** The user of the images (docker/Dockerfile). */
const user = 10001;
const secrets = "/run/secrets/tenon";

export function labelsOf(worker: string): Record<string, string> {
  return { "app.kubernetes.io/name": "tenon", "app.kubernetes.io/component": dashed(worker) };
}

/** The image of a worker: `tenon/spike-sorting:0.1.0`. */
export function imageOf(worker: string, { images, tag }: Pick<ClusterOptions, "images" | "tag">): string {
  return `${images}/${dashed(worker).replace(/-worker$/, "")}:${tag}`;
}

/** @param command  the words that the container runs
 * @param restart  `Never` for jobs
 * @param annotations  of the pod */
export function podTemplate(
  needs: WorkerNeeds,
  command: readonly string[],
  restart: "Always" | "Never",
  options: ClusterOptions,
  annotations?: Readonly<Record<string, string>>,
): PodTemplate {
  const { worker, cpus, memoryGb, gpus, graceS } = needs;
  const isWorker = command[0] === "run_workflow";
  const resources = {
    cpu: String(cpus),
    memory: `${memoryGb}Gi`,
    ...(gpus > 0 ? { "nvidia.com/gpu": String(gpus) } : {}),
  };
  const heartbeat = { exec: { command: ["tenon-healthy"] }, periodSeconds: 60, timeoutSeconds: 10 };
  return {
    metadata: {
      labels: labelsOf(worker),
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
    },
    spec: {
      restartPolicy: restart,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: graceS + leaveS,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: user,
        runAsGroup: user,
        fsGroup: user,
        // not a walk over all recordings at every start
        fsGroupChangePolicy: "OnRootMismatch",
        seccompProfile: { type: "RuntimeDefault" },
      },
      ...(gpus > 0
        ? {
            nodeSelector: { ...options.gpuNodes },
            tolerations: [{ key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" }],
          }
        : {}),
      containers: [
        {
          name: "worker",
          image: imageOf(worker, options),
          command: [...command],
          env: [
            { name: "DJ_PASS_FILE", value: `${secrets}/password` },
            ...(options.tls ? [{ name: "DJ_SSL_CA", value: `${secrets}/ca.pem` }] : []),
          ],
          envFrom: [{ configMapRef: { name: names.settings } }],
          resources: { requests: { ...resources }, limits: { ...resources } },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
          ...(isWorker
            ? {
                startupProbe: { ...heartbeat, periodSeconds: 5, failureThreshold: 24 },
                livenessProbe: heartbeat,
              }
            : {}),
          volumeMounts: [
            { name: "raw", mountPath: "/lab/raw", readOnly: true },
            { name: "processed", mountPath: "/lab/processed" },
            { name: "database", mountPath: secrets, readOnly: true },
            { name: "tmp", mountPath: "/tmp" },
          ],
        },
      ],
      volumes: [
        { name: "raw", persistentVolumeClaim: { claimName: names.raw } },
        { name: "processed", persistentVolumeClaim: { claimName: names.processed } },
        {
          name: "database",
          secret: {
            secretName: names.secret,
            defaultMode: 0o440,
            items: [
              { key: "password", path: "password" },
              ...(options.tls ? [{ key: "ca.pem", path: "ca.pem" }] : []),
            ],
          },
        },
        { name: "tmp", emptyDir: { sizeLimit: "2Gi" } },
      ],
    },
  };
}
