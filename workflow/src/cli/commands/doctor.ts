/**
 * @module
 * `tenon doctor`: what is wrong with the configuration, this machine and the running server, each with the command that mends it.
 */
import { connect, DataJointError } from "@tenon/datajoint";
import type { Finding } from "../../doctor/finding.ts";
import { machineFindings } from "../../doctor/machine-findings.ts";
import { serverFacts } from "../../doctor/server-facts.ts";
import { serverFindings } from "../../doctor/server-findings.ts";
import { ConfigurationError, type Settings } from "../../settings/settings.ts";
import type { Command } from "../command.ts";

export const doctor: Command = {
  summary: "what is wrong with configuration, machine and server, and the commands that mend it",
  usage: "",
  details: `
Looks only; changes nothing. One line for each deviation, and below it the command that mends it. Exit 0 when nothing is wrong, else 1.
JSON: {ok, findings: [{code, severity, message, mend}]}; severity is error or warning.`,
  options: {},
  words: [0, 0],
  async run(_args, context) {
    const findings = await examine(() => context.settings());
    const ok = findings.length === 0;
    context.out.write(
      context.json
        ? `${JSON.stringify({ ok, findings })}\n`
        : ok
          ? "nothing is wrong\n"
          : `${findings.map(({ code, severity, message, mend }) => `${severity} ${code}: ${message}\n    ${mend}`).join("\n")}\n`,
    );
    return ok ? 0 : 1;
  },
};

async function examine(read: () => Settings): Promise<Finding[]> {
  let settings: Settings;
  try {
    settings = read();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const command = /Run: (.+)$/.exec(error.message)?.[1];
    const mend = command ?? "correct the configuration, then: tenon doctor";
    return [{ code: "configuration", severity: "error", message: error.message, mend }];
  }
  return [...machineFindings(settings), ...(await ofServer(settings))];
}

async function ofServer({ database, prefix }: Settings): Promise<Finding[]> {
  if (database.kind === "sqlite") return [];
  try {
    const connection = await connect(database);
    try {
      return serverFindings(await serverFacts(connection, prefix), database, prefix);
    } finally {
      await connection.close();
    }
  } catch (error) {
    if (!(error instanceof DataJointError)) throw error;
    return [
      {
        code: "server",
        severity: "error",
        message: error.message.replaceAll(/\s*\n\s*/g, " "),
        mend: `mysqladmin --host=${database.host} --port=${database.port} --user=${database.user} -p status  # from this machine`,
      },
    ];
  }
}
