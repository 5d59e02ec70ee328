/**
 * @module
 * Compiles the AssemblyScript kernels (*.as.ts under packages) to the .wasm files that are kept in the repository beside them.
 * Run: `node scripts/build-wasm.ts`; with `--check` it writes nothing and fails when a kept file is not what its sources give.
 *
 * What a newcomer would get wrong: each module is built twice, with plain and with relaxed SIMD (fused multiply-add); the loader takes
 * the second where the engine has it.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

interface WasmModule {
  /** Folder of the sources, from the repository's root. */
  readonly folder: string;
  readonly sources: readonly string[];
  /** Name of the result without `.wasm`. */
  readonly name: string;
}

const MODULES: readonly WasmModule[] = [
  {
    folder: "packages/ephys/src/dsp/wasm",
    sources: ["filter-block.as.ts", "block-rows.as.ts", "traces.as.ts", "median.as.ts"],
    name: "traces",
  },
];
const OPTIONS = [
  "-O3",
  "--converge",
  "--noAssert",
  "--runtime",
  "stub",
  "--importMemory",
  "--enable",
  "simd",
];

interface Compiler {
  main(
    options: readonly string[],
    host: { stderr: { write(text: string): void }; stdout: { write(text: string): void } },
  ): Promise<{ error: Error | null }>;
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const isCheck = process.argv.includes("--check");
const compilerName = "assemblyscript/asc";
const compiler = (await import(compilerName)) as Compiler;
const scratch = await mkdtemp(join(tmpdir(), "tenon-wasm-"));
let stale = 0;
try {
  for (const module of MODULES)
    for (const variant of [
      { suffix: "", options: [] },
      { suffix: ".relaxed", options: ["--enable", "relaxed-simd"] },
    ]) {
      const file = `${module.name}${variant.suffix}.wasm`;
      const kept = join(root, module.folder, file);
      const bytes = await compile(module, [...OPTIONS, ...variant.options], join(scratch, file));
      const before = await readFile(kept).catch(() => undefined);
      if (before !== undefined && bytes.equals(before))
        console.log(`${module.folder}/${file}: up to date, ${bytes.length} bytes`);
      else if (isCheck) {
        stale++;
        console.error(
          `${module.folder}/${file} is not what its sources give; run node scripts/build-wasm.ts`,
        );
      } else {
        await writeFile(kept, bytes);
        console.log(`${module.folder}/${file}: written, ${bytes.length} bytes`);
      }
    }
} finally {
  await rm(scratch, { recursive: true });
}
process.exitCode = stale === 0 ? 0 : 1;

async function compile(module: WasmModule, options: readonly string[], target: string): Promise<Buffer> {
  const said: string[] = [];
  const stream = { write: (text: string) => void said.push(text) };
  const sources = module.sources.map((source) => join(module.folder, source));
  // asc resolves --baseDir against the working folder, and the output too when it is not absolute
  const { error } = await compiler.main([...sources, "--baseDir", root, ...options, "--outFile", target], {
    stdout: stream,
    stderr: stream,
  });
  if (error !== null) throw new Error(`asc could not compile ${module.name}:\n${said.join("")}`);
  return readFile(target);
}
