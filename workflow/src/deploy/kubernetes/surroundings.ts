/**
 * @module
 * What the workers' pods need around them: a namespace, settings, the place of the secret, volumes, the account for KEDA's question, and a
 * network that only lets them out to the database, to names, and to notices.
 */
import type { ITriggerAuthentication } from "@kubernetes-models/keda/keda.sh/v1alpha1/TriggerAuthentication";
import type { INetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import type { IConfigMap } from "kubernetes-models/v1/ConfigMap";
import type { INamespace } from "kubernetes-models/v1/Namespace";
import type { IPersistentVolumeClaim } from "kubernetes-models/v1/PersistentVolumeClaim";
import type { ISecret } from "kubernetes-models/v1/Secret";
import { type ClusterOptions, names } from "./pod-template.ts";

export function namespace({ namespace: name }: ClusterOptions): INamespace {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
  };
}

export function settings({ namespace: inside, host, port, user, prefix, tls }: ClusterOptions): IConfigMap {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: names.settings, namespace: inside },
    data: {
      DJ_HOST: host,
      DJ_PORT: String(port),
      DJ_USER: user,
      DJ_USE_TLS: String(tls),
      DATABASE_PREFIX: prefix,
      RAW_ROOT_DATA_DIR: "/lab/raw",
      PROCESSED_ROOT_DATA_DIR: "/lab/processed",
    },
  };
}

/** What the secret must hold; made with kubectl, never from a file with real values. */
export function secretExample({ namespace: inside, host, port, tls }: ClusterOptions): ISecret {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: names.secret, namespace: inside },
    type: "Opaque",
    stringData: {
      password: "PASSWORD-OF-THE-WORKERS",
      ...(tls ? { "ca.pem": "CERTIFICATE-OF-THE-AUTHORITY" } : {}),
      "keda-connection": `GUEST:PASSWORD-OF-THE-GUEST@tcp(${host}:${port})/${tls ? "?tls=skip-verify" : ""}`,
    },
  };
}

export function volumeClaim(
  name: string,
  size: string,
  { namespace: inside, storageClass }: ClusterOptions,
): IPersistentVolumeClaim {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name, namespace: inside },
    spec: {
      // pods on several nodes read and write it
      accessModes: ["ReadWriteMany"],
      ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
      resources: { requests: { storage: size } },
    },
  };
}

export function kedaAccount({ namespace: inside }: ClusterOptions): ITriggerAuthentication {
  return {
    apiVersion: "keda.sh/v1alpha1",
    kind: "TriggerAuthentication",
    metadata: { name: names.account, namespace: inside },
    spec: {
      secretTargetRef: [{ parameter: "connectionString", name: names.secret, key: "keda-connection" }],
    },
  };
}

export function networkPolicy({ namespace: inside, port }: ClusterOptions): INetworkPolicy {
  const tcp = (number: number) => ({ protocol: "TCP", port: number }) as const;
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "tenon", namespace: inside },
    spec: {
      podSelector: { matchLabels: { "app.kubernetes.io/name": "tenon" } },
      policyTypes: ["Ingress", "Egress"],
      ingress: [],
      egress: [
        { ports: [{ protocol: "UDP", port: 53 }, tcp(53)] },
        { ports: [tcp(port)] },
        // notices: webhooks and mail; take it out where there are none
        { ports: [tcp(443), tcp(587)] },
      ],
    },
  };
}
