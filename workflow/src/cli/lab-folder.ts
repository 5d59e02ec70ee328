/**
 * @module
 * Where a lab's own files are: beside its configuration.
 */
import { dirname } from "node:path";
import type { Context } from "./command.ts";

/** The folder of the configuration that is in use, or the folder the command runs in. */
export function labFolderOf(context: Context): string {
  const { file } = context.settings();
  return file === undefined ? context.folder : dirname(file);
}
