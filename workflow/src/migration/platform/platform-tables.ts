/**
 * @module
 * The tables that the hosted platform had beside a pipeline, and what takes their place here (contract: pipeline.md 2.10).
 *
 * They are known by schema and name, since their definitions differ from workflow to workflow.
 */

/** What a table of the platform was, and what happens to it. */
export interface PlatformTable {
  readonly what: string;
  readonly here: string;
}

/** What is known of a table, or undefined for one that is no platform's. */
export function platformTable(schema: string, table: string): PlatformTable | undefined {
  const bare = table.replace(/^[#_~]+/, "");
  if (/_admin_workflow$/.test(schema)) {
    if (bare === "file_manifest")
      return {
        what: "every object of the bucket",
        here: "kept, and filled from raw/ and processed/ by `tenon migrate platform`",
      };
    if (bare === "workflow")
      return {
        what: "the workflows of the organisation",
        here: "kept; the row of this one is made by `tenon migrate platform`",
      };
    if (/notif|hub_spot|slack|receiver/.test(bare))
      return {
        what: "notices of the platform",
        here: "kept as it is; this lab's notices are in its configuration (`tenon notify`)",
      };
    return { what: "administration of the platform", here: "kept as it is; nothing here reads it" };
  }
  if (/_support_.*workerlog$|_workerlog$/.test(schema)) return undefined;
  if (/(_|^)support_/.test(schema)) {
    if (/^(pre|post)_/.test(bare) || bare === "file_processing")
      return {
        what: "waited for files to come from the bucket",
        here: "kept as it is; files are here already, so a step looks for them itself",
      };
    return { what: "support of the platform", here: "kept as it is; nothing here reads it" };
  }
  return undefined;
}
