/**
 * @module
 * The certificate as a page that people read and print: one file with everything in it, the verdict first, then what to do, then the figures.
 */
import { type Html, html, raw } from "../../report/html.ts";
import type { SignedCertificate } from "./certificate.ts";
import { type Finding, noteCodes, problemCodes } from "./codes.ts";

const style = `
:root { color-scheme: light dark; --line: #d4d7dc; --soft: #f4f5f7; --ink: #1c2430; --mild: #5a6472; --good: #1a7f37; --bad: #b42318; }
@media (prefers-color-scheme: dark) { :root { --line: #3a424d; --soft: #1d232b; --ink: #e6e9ee; --mild: #9aa5b3; --good: #4ac26b; --bad: #ff7b72; } }
body { margin: 0 auto; max-width: 1080px; padding: 28px 24px 60px; font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; color: var(--ink); background: Canvas; }
h1 { font-size: 26px; margin: 0; } h2 { font-size: 19px; margin: 34px 0 8px; } p { margin: 6px 0; }
.mild { color: var(--mild); }
.verdict { margin: 18px 0; padding: 12px 16px; border: 1px solid var(--line); border-left: 6px solid var(--bad); border-radius: 4px; font-size: 18px; }
.verdict.good { border-left-color: var(--good); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; margin: 6px 0; }
th { text-align: left; font-size: 13px; color: var(--mild); border-bottom: 1px solid var(--line); padding: 3px 12px 3px 0; font-weight: 600; }
td { padding: 3px 12px 3px 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
td.n, th.n { text-align: right; white-space: nowrap; } tr.bad td { color: var(--bad); }
.facts th { border: 0; width: 13em; vertical-align: top; } .facts td { border: 0; }
.finding { border-left: 3px solid var(--line); padding: 2px 12px; margin: 10px 0; } .finding.bad { border-left-color: var(--bad); }
.finding ul { margin: 4px 0; padding-left: 20px; } code { font-size: 13px; overflow-wrap: anywhere; }
details summary { cursor: pointer; color: var(--mild); margin: 6px 0; }
@media print { details { display: block; } body { max-width: none; } }
`;

/** Findings of one code that are written out; the JSON holds all. */
const shownOfCode = 25;

/** The page. */
export function certificatePage(certificate: SignedCertificate): string {
  const { ok, problems, notes, signature } = certificate;
  const verdict = ok
    ? "Nothing is missing: every row, file and value that was looked for is here."
    : `${problems.length} problem${problems.length === 1 ? "" : "s"}: the move is not complete.`;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Migration certificate</title><style>${raw(style)}</style></head><body>
<h1>Migration certificate</h1>
<p class="mild">${certificate.database}, ${moment(certificate.ended)}</p>
<div class="verdict ${ok ? "good" : "bad"}"><strong>${ok ? "Complete." : "Not complete."}</strong> ${verdict}</div>
${problems.length > 0 ? html`<h2>Problems, and what to do</h2>${byCode(problems, problemCodes, "bad")}` : ""}
<h2>What was compared</h2>${summary(certificate)}
<h2>The run with the network cut</h2><p>${certificate.networkRun.says}</p>${commands(certificate)}
${notes.length > 0 ? html`<h2>Notes</h2><p class="mild">Good to know; nothing is missing because of them.</p>${byCode(notes, noteCodes, "")}` : ""}
<h2>Rows</h2>${rows(certificate)}
<h2>Files</h2>${files(certificate)}
<h2>Values</h2>${values(certificate)}
<h2>Sessions</h2>${sessions(certificate)}
<h2>What is left to do</h2>${population(certificate)}
<h2>Dumps</h2>${table(
    ["file", "bytes", "tables", "rows", "sha256"],
    certificate.dumps.map((dump) => [dump.path, dump.bytes, dump.tables, dump.rows, dump.sha256]),
  )}
<h2>Signature</h2>
<p>Signed with the key <code>${signature.fingerprint}</code> by ${certificate.madeBy.user} on ${certificate.madeBy.host} (Tenon ${certificate.madeBy.tenon}, Node ${certificate.madeBy.node}).
What is signed is <code>certificate.json</code> beside this page; <code>tenon migrate verify --check certificate.json</code> verifies it.</p>
</body></html>
`;
  return page.markup;
}

type Cell = string | number | null;

function table(
  header: readonly string[],
  cells: readonly (readonly Cell[])[],
  isBad?: (row: number) => boolean,
): Html {
  if (cells.length === 0) return html`<p class="mild">none</p>`;
  const isNumber = header.map((_, i) => cells.every((row) => typeof row[i] === "number" || row[i] === null));
  const cell = (value: Cell | undefined, i: number) =>
    html`<td${isNumber[i] ? raw(' class="n"') : ""}>${typeof value === "number" ? grouped(value) : (value ?? "-")}</td>`;
  const body = cells.map((row, i) => html`<tr${isBad?.(i) ? raw(' class="bad"') : ""}>${row.map(cell)}</tr>`);
  const head = header.map((name, i) => html`<th${isNumber[i] ? raw(' class="n"') : ""}>${name}</th>`);
  return html`<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
}

function byCode(
  findings: readonly Finding[],
  meaning: Readonly<Record<string, string>>,
  mark: string,
): readonly Html[] {
  const groups = Map.groupBy(findings, ({ code }) => code);
  return [...groups].map(([code, group]) => {
    const shown = group
      .slice(0, shownOfCode)
      .map(({ where, message }) => html`<li><code>${where}</code> ${message}</li>`);
    const more =
      group.length > shownOfCode
        ? html`<li class="mild">and ${group.length - shownOfCode} more, in certificate.json</li>`
        : "";
    // codes of the dump and of the bucket come from other commands, which say themselves what to do
    const todo = meaning[code] === undefined ? "" : html`<p class="mild">${withCode(meaning[code])}</p>`;
    return html`<div class="finding ${mark}"><strong>${code}</strong> (${group.length})${todo}<ul>${shown}${more}</ul></div>`;
  });
}

function summary({ tables, files, blobs, foreignKeys, sessions, sample }: SignedCertificate): Html {
  const sum = (numbers: readonly number[]) => grouped(numbers.reduce((total, one) => total + one, 0));
  const stores = files.stores;
  const facts: readonly (readonly [string, string])[] = [
    [
      "rows",
      `${sum(tables.map(({ got }) => got ?? 0))} in ${tables.length} tables, ${sum(tables.map(({ expected }) => expected))} expected from the dumps`,
    ],
    [
      "foreign keys",
      `${foreignKeys.length}, rows without parent: ${sum(foreignKeys.map(({ orphans }) => orphans ?? 0))}`,
    ],
    [
      "files of stores",
      `${sum(stores.map((store) => store.files))} of ${sum(stores.map((store) => store.bytes))} bytes, ${sum(stores.map((store) => store.verified))} with the hash that their row says`,
    ],
    [
      "paths of rows",
      `${sum(files.paths.map(({ paths }) => paths))}, not here: ${sum(files.paths.map(({ missing }) => missing))}`,
    ],
    [
      "values decoded",
      `${sum(blobs.map(({ decoded }) => decoded))} of ${sum(blobs.map(({ bytes }) => bytes))} bytes${sample === null ? "" : `, at most ${sample} rows of a table (--sample)`}`,
    ],
    [
      "sessions",
      `${sessions.length}, whole: ${sessions.filter(({ problems }) => problems.length === 0).length}`,
    ],
    [
      "trees of the bucket",
      files.trees.length === 0
        ? "none was compared (--files)"
        : files.trees
            .map(({ source, folder, total }) => `${source} with ${folder}: ${total} objects`)
            .join("; "),
    ],
  ];
  return html`<table class="facts"><tbody>${facts.map(([name, fact]) => html`<tr><th>${name}</th><td>${fact}</td></tr>`)}</tbody></table>`;
}

function commands({ networkRun }: SignedCertificate): Html {
  if (networkRun.commands.length === 0) return html``;
  return table(
    ["command", "exit code"],
    networkRun.commands.map(({ command, code }) => [command, code]),
    (i) => networkRun.commands[i]!.code !== 0,
  );
}

function rows({ tables }: SignedCertificate): Html {
  const bad = (i: number) => (tables[i]!.got ?? -1) < tables[i]!.expected;
  const all = table(
    ["table", "in the dump", "here"],
    tables.map((one) => [`${one.schema}.${one.table}`, one.expected, one.got]),
    bad,
  );
  return html`<details><summary>${tables.length} tables</summary>${all}</details>`;
}

function files({ files: { stores, paths, trees } }: SignedCertificate): Html {
  return html`${table(
    ["store's table", "files", "bytes", "used", "hash verified"],
    stores.map((one) => [one.table, one.files, one.bytes, one.used, one.verified]),
  )}
${table(
  ["paths in", "column", "paths", "not here"],
  paths.map((one) => [one.table, one.column, one.paths, one.missing]),
  (i) => paths[i]!.missing > 0,
)}
${
  trees.length === 0
    ? ""
    : table(
        ["bucket", "folder", "objects", "verified", "problems"],
        trees.map((one) => [one.source, one.folder, one.total, one.verified, one.problems]),
        (i) => trees[i]!.problems > 0,
      )
}`;
}

function values({ blobs }: SignedCertificate): Html {
  const all = table(
    ["table", "columns", "rows", "decoded", "bytes", "unreadable"],
    blobs.map((one) => [
      one.table,
      one.columns.join(", "),
      one.rows,
      one.decoded,
      one.bytes,
      one.undecodable,
    ]),
    (i) => blobs[i]!.undecodable > 0,
  );
  return html`<details><summary>${blobs.length} tables with values</summary>${all}</details>`;
}

function sessions({ sessions: list }: SignedCertificate): Html {
  return table(
    ["folder", "verdict"],
    list.map(({ path, problems }) => [path, problems.length === 0 ? "complete" : problems.join(", ")]),
    (i) => list[i]!.problems.length > 0,
  );
}

function population({ population: steps }: SignedCertificate): Html {
  return table(
    ["step", "keys", "done", "failed", "left"],
    steps.map((step) => [step.process, step.total, step.done, step.error, step.remaining]),
  );
}

/** What stands between backticks as code; a sentence begins with a capital. */
function withCode(text: string): readonly Html[] {
  const parts = `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`.split("`");
  return parts.map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
}

/** 1234567 as 1 234 567, with narrow blanks. */
function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

/** `2026-11-26 07:08 UTC` */
function moment(iso: string): string {
  return `${iso.slice(0, 16).replace("T", " ")} UTC`;
}
