/**
 * @module
 * What `tenon doctor` says about one thing that is not as it should be: what it is, in one line, and the command that mends it.
 */

export interface Finding {
  /** Stable, for scripts: `setting.sql_mode`, `clock`, `folder.raw`. */
  readonly code: string;
  /** `error`: something will fail or be wrong. `warning`: it works, worse than it could. */
  readonly severity: "error" | "warning";
  /** One line: expected, got, and why it matters. */
  readonly message: string;
  /** A command, or what a person has to do. */
  readonly mend: string;
}

/** SQL as a command line for the server's administrator. */
export function asRoot(sql: string): string {
  return `mysql -u root -p -e ${shellWord(sql)}`;
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
