/**
 * @module
 * Passwords of the accounts: one file each, mode 0600, in a folder that nobody else can enter. They are made once and never printed; each
 * file is what `DJ_PASS_FILE` or a container's secret wants.
 */
import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigurationError } from "../../settings/configuration-error.ts";

/** The account's password from its file; made, with its file, when there is none.
 * @param folder  made with mode 0700 when it is not there
 * @throws ConfigurationError when the file holds what this command does not write */
export async function passwordOf(folder: string, account: string): Promise<string> {
  const file = join(folder, account);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const password = newPassword();
  try {
    await writeFile(file, `${password}\n`, { mode: 0o600, flag: "wx" });
    return password;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  await chmod(file, 0o600);
  const text = (await readFile(file, "utf8")).replace(/\r?\n$/, "");
  if (!/^[\w.~+=-]{8,}$/.test(text))
    throw new ConfigurationError(
      `${file} holds no password of at least 8 letters, digits and . ~ + = - _ (what users.sql can carry). Change it, or delete it for a new one.`,
      account,
      file,
    );
  return text;
}

/** 24 characters, 140 bits, of every kind that a server's password policy asks for. */
function newPassword(): string {
  for (;;) {
    const text = randomBytes(18).toString("base64url");
    if (/[a-z]/.test(text) && /[A-Z]/.test(text) && /\d/.test(text) && /[-_]/.test(text)) return text;
  }
}
