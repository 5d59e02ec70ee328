#!/usr/bin/env node
// `run_workflow`: runs the TypeScript program on the project's own Node, whatever Node is on the PATH
process.argv.splice(2, 0, "workflow/src/cli/run-workflow.ts");
await import("../../scripts/start.mjs");
