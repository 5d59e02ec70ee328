/**
 * @module
 * What a process and its children take of the machine, from Linux's /proc.
 */
import { readdirSync, readFileSync } from "node:fs";

export interface ProcessUsage {
  /** Of all its processes together, bytes. */
  readonly residentBytes: number;
  /** Of those, what no other process can share: neither the program's own code nor libraries. */
  readonly ownBytes: number;
  /** User and system, seconds. */
  readonly cpuS: number;
  /** Bytes of all read and write calls, those on sockets included. */
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** Clock ticks a second: Linux's fixed USER_HZ. */
const ticks = 100;

/** Usage now; undefined when the process is gone. */
export function processUsage(pid: number): ProcessUsage | undefined {
  const sum = { residentBytes: 0, ownBytes: 0, cpuS: 0, readBytes: 0, writtenBytes: 0 };
  try {
    for (const one of [pid, ...descendants(pid)]) {
      const fields = statOf(one);
      sum.cpuS += (Number(fields[11]) + Number(fields[12])) / ticks;
      sum.residentBytes += numberIn(`/proc/${one}/status`, /VmRSS:\s+(\d+)/) * 1024;
      sum.ownBytes += numberIn(`/proc/${one}/status`, /RssAnon:\s+(\d+)/) * 1024;
      sum.readBytes += numberIn(`/proc/${one}/io`, /rchar: (\d+)/);
      sum.writtenBytes += numberIn(`/proc/${one}/io`, /wchar: (\d+)/);
    }
    return sum;
  } catch {
    // it ended while it was looked at
    return undefined;
  }
}

function descendants(pid: number): number[] {
  const parents = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const parent = Number(statOf(Number(name))[1]);
      parents.set(parent, [...(parents.get(parent) ?? []), Number(name)]);
    } catch {
      // gone already
    }
  }
  const below = (one: number): number[] =>
    (parents.get(one) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(pid);
}

/** Fields of /proc/PID/stat behind the name, which may hold spaces: state, ppid, ... */
function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function numberIn(path: string, pattern: RegExp): number {
  return Number(pattern.exec(readFileSync(path, "utf8"))?.[1] ?? 0);
}
