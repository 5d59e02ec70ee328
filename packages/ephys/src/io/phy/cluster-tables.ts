/**
 * @module
 * Phy's tables of clusters: `cluster_group.tsv`, `cluster_KSLabel.tsv`, `cluster_info.tsv` and whatever else has a column `cluster_id`.
 *
 * What a newcomer would get wrong: old files are named `.csv` and separated by tabs all the same; the header says which.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { RecordingError } from "../../errors.ts";
import { asRecordingError } from "../file-errors.ts";

export type Cell = string | number | undefined;

export interface ClusterTable {
  /** Name without folder. */
  readonly file: string;
  readonly columns: readonly string[];
  /** By cluster id; empty cells are "". */
  readonly rows: ReadonlyMap<number, Readonly<Record<string, string>>>;
}

/** The text of a table. Cells that are undefined or not finite are left empty. */
export function formatClusterTable(
  columns: readonly string[],
  rows: readonly Readonly<Record<string, Cell>>[],
): string {
  const lines = rows.map((row) => columns.map((column) => formatCell(row[column])).join("\t"));
  return [columns.join("\t"), ...lines, ""].join("\n");
}

/** Reads every `cluster_*.tsv` and `.csv` of a folder that has a column `cluster_id` (or `id`), `.tsv` before `.csv`.
 * @throws RecordingError `bad-table` for a row that does not fit its header or a cluster id that is no whole number */
export async function readClusterTables(folder: string): Promise<ClusterTable[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    throw asRecordingError(error, folder, "missing", "The sorter's output folder");
  }
  const wanted = names.filter((name) => /^cluster_.*\.tsv$/i.test(name)).sort();
  wanted.push(...names.filter((name) => /^cluster_.*\.csv$/i.test(name)).sort());
  const tables: ClusterTable[] = [];
  for (const name of wanted) {
    const path = join(folder, name);
    const table = parseClusterTable(await readFile(path, "utf8"), path, name);
    if (table !== undefined) tables.push(table);
  }
  return tables;
}

function parseClusterTable(text: string, path: string, file: string): ClusterTable | undefined {
  const lines = text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .filter((line) => line !== "");
  if (lines.length === 0) return undefined;
  const separator = lines[0].includes("\t") ? "\t" : ",";
  const columns = lines[0].split(separator).map(unquote);
  const idColumn = columns.includes("cluster_id") ? columns.indexOf("cluster_id") : columns.indexOf("id");
  if (idColumn < 0) return undefined;
  const rows = new Map<number, Record<string, string>>();
  for (const [i, line] of lines.slice(1).entries()) {
    const cells = line.split(separator).map(unquote);
    const id = Number(cells[idColumn]);
    if (cells.length !== columns.length || cells[idColumn] === "" || !Number.isSafeInteger(id))
      throw new RecordingError(
        `'${path}', line ${i + 2}: expected ${columns.length} cells (${columns.join(", ")}) with a whole number as cluster id, ` +
          `got '${line}'. Mend the line, or remove the file.`,
        "bad-table",
        path,
      );
    rows.set(id, Object.fromEntries(columns.map((column, at) => [column, cells[at]])));
  }
  return { file, columns, rows };
}

/**
 * The label of each unit: the person's group, else the sorter's `KSLabel`, else "unsorted".
 *
 * A group of "unsorted" (which SpikeInterface writes for every unit) counts as none.
 */
export function clusterLabels(tables: readonly ClusterTable[], unitIds: Int32Array): Map<number, string> {
  const isNamed = (file: string, stem: RegExp) => stem.test(file);
  const groups = tables.filter(({ file }) => isNamed(file, /^cluster_groups?\./i));
  const sorters = tables.filter(({ file }) => isNamed(file, /^cluster_KSLabel\./i));
  const info = tables.filter(({ file }) => isNamed(file, /^cluster_info\./i));
  const sources: [readonly ClusterTable[], string][] = [
    [groups, "group"],
    [sorters, "KSLabel"],
    [groups, "KSLabel"],
    [info, "group"],
    [info, "KSLabel"],
  ];
  const labels = new Map<number, string>();
  for (const unit of unitIds) {
    const found = sources
      .flatMap(([among, column]) => among.map((table) => table.rows.get(unit)?.[column]))
      .find((label) => label !== undefined && label !== "" && label !== "unsorted");
    labels.set(unit, found ?? "unsorted");
  }
  return labels;
}

function formatCell(value: Cell): string {
  if (value === undefined || (typeof value === "number" && !Number.isFinite(value))) return "";
  return String(value).replaceAll(/[\t\r\n]+/g, " ");
}

function unquote(cell: string): string {
  return /^".*"$/.test(cell) ? cell.slice(1, -1).replaceAll('""', '"') : cell.trim();
}
