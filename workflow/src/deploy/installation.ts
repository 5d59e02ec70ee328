/**
 * @module
 * What a scheduler's files say of this installation: where Node and the program are, where the lab's folder is, and that a worker started
 * there finds the same database without any variable of the person who wrote the files.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigurationError, loadSettings, type Settings } from "../settings/settings.ts";

export interface Installation {
  /** Absolute folder of this program. */
  readonly program: string;
  /** Absolute path of the Node that runs it now. */
  readonly node: string;
  /** Absolute path of the configuration. */
  readonly configuration: string;
  /** Absolute folder of the configuration: the lab's. */
  readonly labFolder: string;
}

/** Where `run-workflow.ts` is, below the program's folder. */
export const workerProgram = "workflow/src/cli/run-workflow.ts";
export const tenonProgram = "workflow/src/cli/tenon.ts";

/**
 * Looks at the configuration as a worker will see it that is started with no variables.
 * @param what  who starts the workers, for the message: `Slurm jobs`
 * @param isPasswordGiven  whether they get the password in another way than by the file
 * @throws ConfigurationError when there is no file, no server in it, or the environment changes what it says
 */
export function installationOf(settings: Settings, what: string, isPasswordGiven = false): Installation {
  const { file, database } = settings;
  if (file === undefined)
    throw new ConfigurationError(
      `${what} read the database's address from a configuration file, and there is none here. Write dj_local_conf.json (mode 600) in the lab's folder: tenon init.`,
      "",
      "the environment",
    );
  if (database.kind !== "mysql")
    throw new ConfigurationError(
      `${what} on several machines share a MySQL or MariaDB server; the configuration ${file} says SQLite, which is for one machine. Set database.host (\`tenon deploy mysql\` prepares a server).`,
      "database.host",
      file,
    );
  const bare = loadSettings({ file, env: isPasswordGiven ? { DJ_PASS: database.password } : {} });
  const same = JSON.stringify([bare.database, bare.prefix, bare.rawRoots, bare.processedRoot]);
  if (same !== JSON.stringify([database, settings.prefix, settings.rawRoots, settings.processedRoot]))
    throw new ConfigurationError(
      `${what} do not get the variables of this shell (a password would be kept by the scheduler), and with them the configuration ${file} means another database, prefix or folder. Write their values into the file (mode 600), a password into database.password_file.`,
      "",
      file,
    );
  return {
    program: join(dirname(fileURLToPath(import.meta.url)), "../../.."),
    node: process.execPath,
    configuration: file,
    labFolder: dirname(file),
  };
}
