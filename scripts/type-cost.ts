/**
 * @module
 * What reading the pipeline's definitions costs tsc: counts type instantiations over all of them, with joins, restrictions and inserts, and
 * compares with `type-cost.json`. More than 10 % above it fails; `--update` writes the new count.
 *
 * Counts repeat exactly, times do not, so times are not compared. What the imports alone cost is measured too and subtracted.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const recordPath = join(root, "scripts/type-cost.json");
/** Parents first. */
const modules = [
  "lab",
  "subject",
  "session",
  "probe",
  "ephys",
  "ephys-sorter",
  "ephys-report",
  "analysis",
  "worker-log",
];
/** How far above the record is still good. */
const tolerance = 0.1;

interface TypeCost {
  readonly tables: number;
  readonly instantiations: number;
}

/** The smallest table class that has typed rows, keys, inserts and queries. */
const prelude = `
import type { CheckedText, InsertOf, KeyOf, ParentTables, ParsedKey, ParsedRow, ParsedTable, RowOf, Typed, Attribute }
  from "${root}packages/datajoint/src/definition/definition-types.ts";
import type { Query } from "${root}packages/datajoint/src/query/query.ts";
interface Table<A extends Attribute> extends Typed<A> {
  new (): {};
  readonly query: Query<ParsedRow<A>, ParsedKey<A>>;
}
declare function table<const Text extends string, Parents extends ParentTables = {}>(
  text: CheckedText<Text, Parents>, parents?: Parents, options?: object): Table<ParsedTable<Text, Parents>>;
declare function part<const Text extends string, Master extends Typed, Parents extends ParentTables = {}>(
  master: Master, text: CheckedText<Text, Parents & { master: Master }>, parents?: Parents,
): Table<ParsedTable<Text, Parents & { master: Master }>>;
declare function show(...values: unknown[]): void;
`;

/** All definitions of the pipeline in one file, then uses of every table and joins with its parents. */
function pipelineSource(): { text: string; tables: number } {
  const definitions = modules
    .map((name) => readFileSync(join(root, `workflow/src/pipeline/${name}.ts`), "utf8"))
    .join("\n")
    .replaceAll(/^import [^;]*;$/gm, "")
    .replaceAll(/^export const schema .*$/gm, "")
    .replaceAll(/\bextends schema\.(?:manual|lookup|imported|computed)\(/g, "extends table(")
    .replaceAll(/\bextends (\w+)\.part\(\s*"\w+",/g, "extends part($1,");
  const classes = [...definitions.matchAll(/^export class (\w+) extends [^{]*?(`[^`]*`|"[^"]*")/gm)].map(
    ([, name, text]) => ({ name: name!, text: text! }),
  );
  const names = new Set(classes.map(({ name }) => name));
  const uses = classes.map(({ name, text }) => {
    const parents = [...text.matchAll(/->\s*(?:\[[^\]]*\]\s*)?([A-Z][\w.]*)/g)]
      .map((found) => found[1]!.replaceAll(".", ""))
      .filter((parent) => names.has(parent));
    const joined = parents.reduce((query, parent) => `${query}.join(${parent}.query)`, `${name}.query`);
    return [
      `show(await ${joined}.fetch(), await ${name}.query.proj().fetch1());`,
      `{ const row: RowOf<typeof ${name}> = await ${name}.query.restrict({} as KeyOf<typeof ${name}>).fetch1(); show(row); }`,
      `show({} as InsertOf<typeof ${name}>);`,
    ].join("\n");
  });
  return { text: [definitions, ...uses].join("\n"), tables: classes.length };
}

/** Instantiations that tsc counts for a file. @throws Error with tsc's output when the file has type errors */
function instantiations(folder: string, name: string, text: string): number {
  const project = join(folder, `${name}.json`);
  writeFileSync(join(folder, `${name}.mts`), text);
  const compilerOptions = {
    typeRoots: [join(root, "node_modules/@types")],
    rewriteRelativeImportExtensions: false,
  };
  writeFileSync(
    project,
    JSON.stringify({ extends: join(root, "tsconfig.base.json"), files: [`${name}.mts`], compilerOptions }),
  );
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  let output: string;
  try {
    // one checker: several share work by chance, and counts then differ from run to run
    output = execFileSync(
      process.execPath,
      [tsc, "-p", project, "--extendedDiagnostics", "--checkers", "1"],
      { encoding: "utf8" },
    );
  } catch (error) {
    throw new Error(`tsc refuses the generated file:\n${(error as { stdout?: string }).stdout ?? error}`);
  }
  const found = /^Instantiations:\s+(\d+)/m.exec(output);
  if (found === null) throw new Error(`tsc printed no count of instantiations:\n${output}`);
  return Number(found[1]);
}

function measure(): TypeCost {
  const folder = mkdtempSync(join(tmpdir(), "type-cost-"));
  try {
    const { text, tables } = pipelineSource();
    const imports = instantiations(folder, "imports", `${prelude}\nexport {};`);
    return { tables, instantiations: instantiations(folder, "pipeline", prelude + text) - imports };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const cost = measure();
const perTable = Math.round(cost.instantiations / cost.tables);
process.stdout.write(`${cost.tables} tables, ${cost.instantiations} instantiations, ${perTable} a table\n`);
if (process.argv.includes("--update")) {
  writeFileSync(recordPath, `${JSON.stringify(cost, undefined, 2)}\n`);
  process.stdout.write(`written to ${recordPath}\n`);
} else {
  const recorded = JSON.parse(readFileSync(recordPath, "utf8")) as TypeCost;
  const recordedPerTable = recorded.instantiations / recorded.tables;
  const change = cost.instantiations / cost.tables / recordedPerTable - 1;
  process.stdout.write(
    `recorded: ${Math.round(recordedPerTable)} a table (${(100 * change).toFixed(1)} %)\n`,
  );
  if (change > tolerance) {
    process.stderr.write(
      `Types cost more than ${100 * tolerance} % above the record. If that is meant: npm run type-cost -- --update\n`,
    );
    process.exitCode = 1;
  }
}
