/**
 * @module
 * `tenon migrate platform`: the hosted platform's tables, made and filled from the lab's own folders, so that an imported pipeline runs on
 * without it. Run again whenever files came; nothing is done twice.
 */
import type { Connection } from "@tenon/datajoint";
import type { Settings } from "../../settings/settings.ts";
import { completePlatform, dataRoot } from "./declare-platform.ts";
import { fillManifest, type ManifestResult } from "./fill-manifest.ts";
import { findPlatform, PlatformError } from "./find-platform.ts";
import { type ScannedFile, scanRoot } from "./scan-roots.ts";
import { linkStore } from "./store-links.ts";
import { ensureWorkflowRow } from "./workflow-row.ts";

export interface PlatformReport {
  readonly schema: string;
  /** Tables that were made. */
  readonly made: readonly string[];
  /** Whether the row of this workflow was made. */
  readonly workflowRow: boolean;
  readonly manifest: ManifestResult;
  /** Links that were made in the store's folder. */
  readonly links: readonly string[];
  /** Files that changed within the last minute: left for the next time. */
  readonly unsettled: readonly string[];
  readonly dryRun: boolean;
}

export interface PlatformOptions {
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly onFile: (done: number) => void;
  /** The clock, ms. Default: the system's. */
  readonly now?: () => number;
}

/** Does it.
 * @throws PlatformError when the store has no folder, there are several raw roots, or a column's value is not known */
export async function runPlatform(
  connection: Connection,
  settings: Settings,
  options: PlatformOptions,
): Promise<PlatformReport> {
  const { dryRun } = options;
  const store = settings.stores[dataRoot];
  if (store === undefined)
    throw new PlatformError(
      `The manifest's files are in the store '${dataRoot}', which the configuration does not name. Add "stores": {"${dataRoot}": {"protocol": "file", "location": "FOLDER"}}; links to raw and processed are made there.`,
      `stores.${dataRoot}`,
    );
  const [raw, ...more] = settings.rawRoots;
  if (raw === undefined || more.length > 0)
    throw new PlatformError(
      `The platform had one inbox; the configuration names ${settings.rawRoots.length} raw roots. Name the one that the platform's files are in.`,
      "custom.raw_root_data_dir",
    );
  const { platform, made } = dryRun
    ? { platform: await findPlatform(connection, settings.prefix), made: [] }
    : await completePlatform(connection, settings.prefix);
  const links = await linkStore(store.location, { inbox: raw, outbox: settings.processedRoot }, dryRun);
  const workflowRow = await ensureWorkflowRow(connection, platform, settings.prefix, dryRun);
  const unsettled: string[] = [];
  const scan = {
    onUnsettled: (path: string) => unsettled.push(path),
    signal: options.signal,
    now: options.now ?? Date.now,
    except: new Set(Object.values(settings.stores).map(({ location }) => location)),
  };
  const files = async function* (): AsyncIterable<ScannedFile> {
    yield* scanRoot(raw, "inbox", scan);
    yield* scanRoot(settings.processedRoot, "outbox", scan);
  };
  const manifest = await fillManifest(connection, platform, files(), options);
  return { schema: platform.manifest.schema, made, workflowRow, manifest, links, unsettled, dryRun };
}
