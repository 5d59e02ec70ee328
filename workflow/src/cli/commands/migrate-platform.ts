/**
 * @module
 * `tenon migrate platform`: the hosted platform's own tables, made and filled from the lab's folders.
 */
import { type PlatformReport, runPlatform } from "../../migration/platform/run-platform.ts";
import { openDatabase } from "../../migration/verify/open-database.ts";
import type { Command } from "../command.ts";
import { makeProgress } from "../progress.ts";

export const migratePlatform: Command = {
  summary: "make and fill the platform's own tables (FileManifest, Workflow) from raw/ and processed/",
  usage: "[--dry-run]",
  details: `
An imported pipeline may have tables that refer to {org}_admin_workflow. This makes what is missing of it, notes every file of the raw root as
inbox/... and of the processed root as outbox/... in FileManifest, adds the row of this workflow, and puts links into the folder of the store
'data-root', so that datajoint-python finds the files. Run it again when files came: nothing is done twice. Files that changed within the last
minute are left for the next time. A pipeline without such tables needs none of this.
JSON: {schema, made, workflowRow, manifest: {files, added, updated, changed}, links, unsettled, dryRun}. Exit code 1 when a raw
file differs from its row.`,
  options: { "dry-run": { type: "boolean", help: "say what would be done, do nothing" } },
  words: [0, 0],
  async run(args, context) {
    const settings = context.settings();
    const progress = makeProgress(context.err);
    await using connection = await openDatabase(settings);
    const report = await runPlatform(connection, settings, {
      dryRun: args.options["dry-run"] === true,
      signal: context.signal,
      onFile: (done) => progress.update("files", done, 0, `${done}`),
    });
    context.out.write(context.json ? `${JSON.stringify(report)}\n` : `${lines(report).join("\n")}\n`);
    return report.manifest.changed.length === 0 ? 0 : 1;
  },
};

function lines({ schema, made, workflowRow, manifest, links, unsettled, dryRun }: PlatformReport): string[] {
  const would = dryRun ? "would be " : "";
  return [
    ...made.map((table) => `made ${table}`),
    ...links.map((path) => `${would}linked ${path}`),
    ...(workflowRow ? [`the row of this workflow ${would}added to ${schema}`] : []),
    `${manifest.files} files, ${manifest.added} ${would}added to the manifest in ${schema}, ${manifest.updated} ${would}noted anew`,
    ...(unsettled.length > 0
      ? [`${unsettled.length} files changed within the last minute: left for the next time`]
      : []),
    ...manifest.changed.map((path) => `changed: ${path} has another size than its row says`),
  ];
}
