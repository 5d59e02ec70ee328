/**
 * @module
 * compose.yaml as Docker reads it when no variable is set.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { root } from "./test-lab.ts";

export interface Service {
  readonly image: string;
  readonly pull_policy?: string;
  readonly build?: {
    readonly dockerfile: string;
    readonly target: string;
    readonly args: Record<string, string>;
  };
  readonly command: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly user: string;
  readonly environment: Readonly<Record<string, string | null>>;
  readonly volumes: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt: readonly string[];
  readonly stop_grace_period?: string;
  readonly privileged?: boolean;
  readonly restart?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

/** `${NAME:-default}` is the default. */
const resolved = readFileSync(join(root, "compose.yaml"), "utf8").replace(/\$\{\w+:-([^}]*)\}/g, "$1");

export const { services } = parse(resolved, { merge: true }) as { services: Record<string, Service> };

/** The services that are workers. */
export const workerServices = Object.keys(services).filter((name) => name.endsWith("_worker"));
