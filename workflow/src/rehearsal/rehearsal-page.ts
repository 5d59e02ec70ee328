/**
 * @module
 * The certificate of a rehearsal as a page: one self-contained HTML file that says first whether the lab may begin, then what was done.
 */
import { type Html, html, raw } from "../report/html.ts";
import { style } from "../report/page-assets.ts";
import type { Rehearsal } from "./rehearse.ts";
import { linesOf } from "./summary.ts";

const ownStyle = `
.verdict { font-size: 18px; font-weight: 600; padding: 10px 14px; border-radius: 6px; color: #fff; background: #1d7044; display: inline-block; }
.verdict.bad { background: #a3262a; }
.faults th, .faults td { padding: 4px 12px 4px 0; text-align: right; border-bottom: 1px solid var(--line); vertical-align: top; }
.faults th:first-child, .faults td:first-child, .faults th:nth-child(2), .faults td:nth-child(2) { text-align: left; }
.faults td:not(:nth-child(2)) { white-space: nowrap; }
.faults td.bad { color: #a3262a; font-weight: 600; }
`;

/** The page's text. */
export function rehearsalPage(rehearsal: Rehearsal): string {
  const { ok, ended, madeBy, database, leaseS, workers, problems, notRehearsed, lab } = rehearsal;
  const [host, node] = [madeBy.host, madeBy.node];
  const keys = rehearsal.rounds.reduce((sum, { samples }) => sum + samples, 0);
  const once = rehearsal.rounds.reduce((sum, { whole }) => sum + whole, 0);
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rehearsal on ${host}, ${ended.slice(0, 10)}</title><style>${raw(style + ownStyle)}</style></head><body>
<header><h1>Rehearsal</h1><p>${host}, ${ended.slice(0, 16).replace("T", " ")} UTC · ${database} · Node ${node} · ${workers} workers, leases of ${leaseS} s</p></header>
<main>
<p class="verdict${raw(ok ? "" : " bad")}">${ok ? `Passed: ${once} of ${keys} keys done exactly once` : `Failed: ${problems.length} problems`}</p>
${problems.length === 0 ? raw("") : html`<h2>Problems</h2><ul>${problems.map(({ where, message }) => html`<li><b>${where}</b>: ${message}</li>`)}</ul>`}
<h2>Faults</h2>
<div class="scroll"><table class="faults"><thead><tr><th>fault</th><th>what was done</th><th>rounds</th><th>struck</th><th>done once</th><th>taken over</th><th>refused</th><th>failed, repeated</th><th>longest round</th></tr></thead>
<tbody>${linesOf(rehearsal).map(
    (line) =>
      html`<tr><td>${line.fault}</td><td>${line.what}${line.phases === "" ? raw("") : html`<br><small>${line.phases}</small>`}</td><td>${line.rounds}</td><td>${line.strikes}</td><td class="${line.once === line.keys ? "good" : "bad"}">${line.once} of ${line.keys}</td><td>${line.takenOver}</td><td>${line.refused}</td><td>${line.failed}</td><td>${line.longestS} s</td></tr>`,
  )}</tbody></table></div>
<p>Done once: exactly one row, whole part rows, and the files of the same attempt. Taken over: computed by another worker after the first was not heard of. Refused: attempts that came back too late and inserted nothing.</p>
${notRehearsed.length === 0 ? raw("") : html`<h2>Not rehearsed</h2><ul>${notRehearsed.map(({ fault, why }) => html`<li><b>${fault}</b>: ${why}</li>`)}</ul>`}
${lab === undefined ? raw("") : labPart(lab)}
</main></body></html>
`;
  return page.markup;
}

function labPart({ calm, disturbed }: NonNullable<Rehearsal["lab"]>): Html {
  return html`<h2>A synthetic lab</h2>
<p>Two generated sessions went through the whole pipeline twice: undisturbed on the embedded database (${Math.round(calm.seconds)} s), and on this one while ${disturbed.kills} workers were killed (${Math.round(disturbed.seconds)} s). Both must have the same keys in every step and the same units.</p>
<table class="faults"><thead><tr><th>step</th><th></th><th>undisturbed</th><th>with kills</th></tr></thead>
<tbody>${calm.steps.map(({ process, done }, i) => html`<tr><td>${process}</td><td></td><td>${done}</td><td>${disturbed.steps[i]?.done ?? 0}</td></tr>`)}
<tr><td>units</td><td></td><td>${calm.units.length}</td><td>${disturbed.units.length}</td></tr></tbody></table>`;
}
