/**
 * @module
 * A reporter of node:test that writes the path of every file with a failed test, a line each. Used by test.ts.
 */
import type { TestEvent } from "node:test/reporters";

export default async function* failedFiles(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const seen = new Set<string>();
  for await (const event of source) {
    if (event.type !== "test:fail") continue;
    const { file } = event.data as { readonly file?: string };
    if (file === undefined || seen.has(file)) continue;
    seen.add(file);
    yield `${file}\n`;
  }
}
