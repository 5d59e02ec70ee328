/**
 * @module
 * One read-only pass of the pipeline's own commands with the network cut: nothing of it may need the platform.
 *
 * It is claimed only when the pass itself saw that it was cut off. What a newcomer would get wrong: the configured database stays
 * reachable, so a configuration that names the platform's own server would pass; that is looked at first.
 */
import { join } from "node:path";
import type { Check } from "./check.ts";
import { type CutMethod, type CutRun, cutNetwork } from "./cut-network.ts";
import type { RefusedAttempt } from "./network-guard.ts";
import type { ReadPass } from "./read-pass.ts";

export interface NetworkRun {
  /** Whether the pass was made and was cut off. */
  readonly done: boolean;
  /** "namespace": the kernel held it; "guard": Node did, for its own sockets alone; null: no pass was made. */
  readonly method: CutMethod | null;
  /** One sentence for people. */
  readonly says: string;
  readonly commands: readonly { readonly command: string; readonly code: number | null }[];
  readonly refused: readonly RefusedAttempt[];
  /** Tables and rows that the pass saw. */
  readonly tables: number;
  readonly rows: number;
}

/** The run that was not made. */
export const noRun: NetworkRun = {
  done: false,
  method: null,
  says: "No run with the network cut was made.",
  commands: [],
  refused: [],
  tables: 0,
  rows: 0,
};

export interface NetworkRunOptions {
  readonly schemas: readonly string[];
  /** Whether the database holds the whole pipeline, so that `tenon status` and `tenon jobs` can be asked. */
  readonly isWhole: boolean;
  /** Folders of sessions that are there. */
  readonly sessionFolders: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly folder: string;
  readonly method?: CutMethod;
}

/** Sessions that the pass verifies; all of them were verified before. */
const sessionsAtMost = 3;

const sentences = {
  namespace:
    "The commands ran in a network namespace without any interface; only the configured database could be reached, through a socket file.",
  guard:
    "The commands ran with Node's sockets held to the configured database. The kernel did not cut the network (no unshare, or no right to it), so programs that are no Node were not held.",
} as const;

/** Makes the pass. */
export async function runWithoutNetwork(check: Check, options: NetworkRunOptions): Promise<NetworkRun> {
  const { settings, findings, signal } = check;
  const { database } = settings;
  if (database.kind === "mysql" && /(^|\.)datajoint\.(com|io)$/i.test(database.host))
    findings.problem(
      "database-is-the-platform",
      database.host,
      `database.host is ${database.host}, the platform's own server.`,
    );
  await using cut = await cutNetwork(database.kind === "mysql" ? database : undefined, options.method);
  const commands: { command: string; code: number | null }[] = [];
  const run = async (name: string, program: string, ...words: string[]): Promise<CutRun> => {
    check.progress("run with the network cut", commands.length, 3 + sessionsAtMost);
    const { folder, env } = options;
    const done = await cut.run([program, ...words], { folder, env, signal });
    commands.push({ command: name, code: done.code });
    return done;
  };
  const fail = (name: string, message: string) =>
    findings.problem(
      "network-run-failed",
      name,
      `With the network cut, ${name} failed: ${message.trim().slice(0, 1000)}`,
    );

  const config = settings.file === undefined ? [] : ["--config", settings.file];
  const pass = await run(
    "reading every table",
    join(import.meta.dirname, "read-pass.ts"),
    settings.file ?? "-",
    ...options.schemas,
  );
  let seen: ReadPass | undefined;
  if (pass.code === 0) seen = JSON.parse(pass.out) as ReadPass;
  else fail("reading every table", pass.err);
  for (const { where, message } of seen?.failed ?? []) findings.problem("network-run-failed", where, message);

  const tenon = join(import.meta.dirname, "../../cli/tenon.ts");
  const asked = [
    ...(options.isWhole ? [["status"], ["jobs"]] : []),
    ...options.sessionFolders.slice(0, sessionsAtMost).map((folder) => ["session", "verify", folder]),
  ];
  for (const words of asked) {
    const name = `tenon ${words.join(" ")}`;
    const needsConfig = words[0] !== "session";
    const done = await run(name, tenon, ...words, "--json", ...(needsConfig ? config : []));
    if (done.code !== 0) fail(name, done.err || done.out);
  }
  const refused = await cut.refused();
  for (const { to, by } of refused)
    findings.problem("network-reached", by, `Tried to reach ${to}, which is not the configured database.`);
  const wasCut =
    seen !== undefined && (cut.method === "guard" ? seen.isGuarded : seen.interfaces.length === 0);
  if (!wasCut)
    findings.problem(
      "network-not-cut",
      "this machine",
      seen === undefined
        ? "Whether the network was cut is not known, since the pass that looks failed."
        : `The network was not cut: the pass saw ${seen.interfaces.join(", ") || "no guard"}.`,
    );
  return {
    done: wasCut,
    method: cut.method,
    says: wasCut ? sentences[cut.method] : "The network could not be cut, so nothing is claimed.",
    commands,
    refused,
    tables: seen?.tables ?? 0,
    rows: seen?.rows ?? 0,
  };
}
