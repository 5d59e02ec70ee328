/**
 * @module
 * What a notice says: one for a cause, however many keys it hit.
 */
import type { NoticeEvent } from "../settings/notice-settings.ts";

export interface Notice {
  readonly event: NoticeEvent;
  /** The step, or the worker for `worker stopped`. */
  readonly process: string;
  readonly worker: string;
  readonly host: string;
  /** Of the first, as people read it. */
  readonly key: string;
  /** How many keys. */
  readonly count: number;
  /** Of the error; "" when it is done. */
  readonly message: string;
}

const mostMessage = 600;

/** One line: what happened, where. */
export function subjectOf({ event, process, count, key }: Notice): string {
  const keys = count === 1 ? key : `${count} keys`;
  if (event === "worker stopped") return `Tenon: ${process} has stopped`;
  return `Tenon: ${process}: ${keys} ${event}`;
}

/** The text under it: which key, why, and what to do. */
export function bodyOf({ event, process, worker, host, key, count, message }: Notice): string {
  const first = count > 1 ? `${count} keys, the first: ${key}` : key;
  const why = message.length > mostMessage ? `${message.slice(0, mostMessage)}…` : message;
  const advice: Record<NoticeEvent, string> = {
    failed: `tenon jobs --step ${process} shows the stack; mend the cause, then tenon jobs --step ${process} --retry`,
    "given up": `It was tried again as often as may be. tenon jobs --dead --step ${process}; mend the cause, then add --retry`,
    done: "tenon status",
    "worker stopped":
      "Start it again; tenon workers shows which are there. Its keys are taken over within a minute.",
  };
  return [
    ...(first === "" ? [] : [first]),
    ...(why === "" ? [] : [why]),
    `${worker} on ${host}`,
    advice[event],
  ].join("\n");
}
