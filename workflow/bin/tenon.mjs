#!/usr/bin/env node
// `tenon`: runs the TypeScript program on the project's own Node, whatever Node is on the PATH
process.argv.splice(2, 0, "workflow/src/cli/tenon.ts");
await import("../../scripts/start.mjs");
