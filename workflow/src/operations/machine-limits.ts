/**
 * @module
 * How much of the machine this process may use: processors, memory, GPUs. The smallest of what the hardware, the kernel's control groups,
 * Slurm and the configuration say.
 *
 * What a newcomer would get wrong: in a container or a Slurm job `os.totalmem()` and `os.cpus()` tell of the whole machine; who uses that
 * much is killed. A control group is limited by every group above it, too.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { dirname, join } from "node:path";

export interface MachineLimits {
  /** Processors; may be a fraction in a container. At least 0.1. */
  readonly cpus: number;
  /** Bytes. */
  readonly memoryBytes: number;
  /** Devices by the names that CUDA_VISIBLE_DEVICES takes: "0", "GPU-1f2e...", "MIG-...". */
  readonly gpus: readonly string[];
  /** What decided each: `Slurm (SLURM_CPUS_PER_TASK)`. */
  readonly from: Readonly<Record<"cpus" | "memory" | "gpus", string>>;
}

/** What the configuration says of this machine. */
export interface ConfiguredLimits {
  readonly cpus?: number | undefined;
  readonly memoryGb?: number | undefined;
  readonly gpus?: number | undefined;
}

/** What is looked at; tests pass folders of their own. */
export interface LimitSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly configured?: ConfiguredLimits;
  /** In place of `/`, below which `proc`, `sys` and `dev` are. */
  readonly root?: string;
  /** Processors that the scheduler's mask leaves. Default: `os.availableParallelism()`, which knows the mask. */
  readonly parallelism?: number;
  /** Bytes. Default: `os.totalmem()`. */
  readonly totalMemory?: number;
}

type Limit = readonly [value: number, from: string];

const MB = 2 ** 20;
const GB = 2 ** 30;

/** Reads the limits of this process. Never throws: what cannot be read limits nothing. */
export function machineLimits(sources: LimitSources): MachineLimits {
  const { env, configured = {}, root = "/" } = sources;
  const groups = controlGroups(root);
  const cpus = least([
    [sources.parallelism ?? availableParallelism(), "the machine"],
    ...groups.flatMap((folder) => quota(folder)),
    ...slurmCpus(env),
    ...given(configured.cpus, "custom.cpus"),
  ]);
  const memory = least([
    [sources.totalMemory ?? totalmem(), "the machine"],
    ...groups.flatMap((folder) => memoryLimit(folder)),
    ...slurmMemory(env, cpus[0]),
    ...given(configured.memoryGb === undefined ? undefined : configured.memoryGb * GB, "custom.memory_gb"),
  ]);
  const [gpus, gpusFrom] = gpuDevices(env, root, configured.gpus);
  return {
    cpus: Math.max(0.1, cpus[0]),
    memoryBytes: memory[0],
    gpus,
    from: { cpus: cpus[1], memory: memory[1], gpus: gpusFrom },
  };
}

function least(limits: readonly Limit[]): Limit {
  return limits.reduce((best, limit) => (limit[0] < best[0] ? limit : best));
}

function given(value: number | undefined, from: string): Limit[] {
  return value === undefined ? [] : [[value, from]];
}

/** A number from a variable; nothing when it is absent or no number above 0. */
function fromVariable(env: LimitSources["env"], name: string, factor = 1): Limit[] {
  const value = Number(env[name]);
  return Number.isFinite(value) && value > 0 ? [[value * factor, `Slurm (${name})`]] : [];
}

function slurmCpus(env: LimitSources["env"]): Limit[] {
  const perTask = fromVariable(env, "SLURM_CPUS_PER_TASK");
  // without --cpus-per-task a task has what the job has on this node
  return perTask.length > 0 ? perTask : fromVariable(env, "SLURM_CPUS_ON_NODE");
}

/** Slurm's numbers are megabytes; 0 means all memory of the node. */
function slurmMemory(env: LimitSources["env"], cpus: number): Limit[] {
  return [
    ...fromVariable(env, "SLURM_MEM_PER_NODE", MB),
    ...fromVariable(env, "SLURM_MEM_PER_CPU", MB * Math.max(1, Number(env["SLURM_CPUS_ON_NODE"]) || cpus)),
  ];
}

/** Folders of the control groups of this process, and of those above; both versions. */
function controlGroups(root: string): string[] {
  const mount = join(root, "sys/fs/cgroup");
  const folders = new Set<string>();
  for (const line of text(join(root, "proc/self/cgroup")).split("\n")) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    if (controllers !== "" && !/\b(cpu|memory)\b/.test(controllers)) continue;
    const top = controllers === "" ? mount : join(mount, controllers);
    for (let folder = join(top, path); folder.startsWith(top); folder = dirname(folder)) folders.add(folder);
    // in a container's own namespace the path is of the host, and the mount is the group itself
    folders.add(top);
  }
  return [...folders];
}

function quota(folder: string): Limit[] {
  const [limit, period] = text(join(folder, "cpu.max")).trim().split(/\s+/);
  if (limit !== undefined && limit !== "" && limit !== "max")
    return [[Number(limit) / Number(period ?? 100_000), "the control group (cpu.max)"]];
  const oldQuota = Number(text(join(folder, "cpu.cfs_quota_us")));
  const oldPeriod = Number(text(join(folder, "cpu.cfs_period_us")));
  return oldQuota > 0 && oldPeriod > 0
    ? [[oldQuota / oldPeriod, "the control group (cpu.cfs_quota_us)"]]
    : [];
}

function memoryLimit(folder: string): Limit[] {
  return ["memory.max", "memory.high", "memory.limit_in_bytes"].flatMap((name): Limit[] => {
    const value = Number(text(join(folder, name)));
    // version 1 writes a number near 2^63 for "no limit"; an unreadable file is 0
    return value > 0 && value < 2 ** 60 ? [[value, `the control group (${name})`]] : [];
  });
}

function gpuDevices(
  env: LimitSources["env"],
  root: string,
  configured: number | undefined,
): readonly [readonly string[], string] {
  const [devices, from] = visibleGpus(env, root);
  if (configured === undefined || configured >= devices.length) return [devices, from];
  return [devices.slice(0, configured), "custom.gpus"];
}

function visibleGpus(env: LimitSources["env"], root: string): readonly [readonly string[], string] {
  const visible = env["CUDA_VISIBLE_DEVICES"];
  if (visible !== undefined) {
    const names = visible.split(",").map((name) => name.trim());
    // CUDA stops reading at the first name that is no device
    const end = names.findIndex((name) => name === "" || name === "-1" || /^no/i.test(name));
    return [end < 0 ? names : names.slice(0, end), "CUDA_VISIBLE_DEVICES"];
  }
  const slurm = env["SLURM_STEP_GPUS"] ?? env["SLURM_JOB_GPUS"];
  if (slurm !== undefined && slurm !== "") return [expandRanges(slurm), "Slurm (SLURM_JOB_GPUS)"];
  // a Slurm job without GPUs must not use those of the node
  if (env["SLURM_JOB_ID"] !== undefined) return [[], "Slurm (the job has none)"];
  const devices = names(join(root, "dev")).flatMap((name) => /^nvidia(\d+)$/.exec(name)?.[1] ?? []);
  return [devices.toSorted((a, b) => Number(a) - Number(b)), "the machine (/dev/nvidia*)"];
}

/** `0,2-3` is 0, 2, 3. */
function expandRanges(list: string): string[] {
  return list.split(",").flatMap((part) => {
    const [, first, last] = /^(\d+)-(\d+)$/.exec(part.trim()) ?? [];
    if (first === undefined || last === undefined) return [part.trim()];
    return Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => String(Number(first) + i));
  });
}

function text(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // absent on this kernel, or not readable: it limits nothing that we know of
  }
}

function names(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
