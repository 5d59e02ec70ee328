/**
 * @module
 * The report page of a session: one self-contained HTML file with the figures, the table of units, what made it and from what.
 *
 * A pure function from data to text. The only script in it sorts and filters the table; without it the page reads the same.
 */
import { type Html, html, raw } from "./html.ts";
import { script, style } from "./page-assets.ts";
import { stateName } from "./session-state.ts";
import { sparkbars, sparkline } from "./sparkline.ts";

export interface UnitRow {
  readonly unit: number;
  readonly label: string;
  readonly electrode: number;
  /** um from the tip end of the probe. */
  readonly depthUm: number | null;
  readonly spikeCount: number;
  readonly firingRateHz: number | null;
  readonly snr: number | null;
  readonly amplitudeUv: number | null;
  readonly isiViolation: number | null;
  readonly presenceRatio: number | null;
  readonly amplitudeCutoff: number | null;
  readonly contaminationRate: number | null;
  /** Mean waveform on the peak electrode, uV. */
  readonly waveform: ArrayLike<number>;
  /** Counts per bin, symmetric around lag 0. */
  readonly autocorrelogram: ArrayLike<number>;
}

export interface FigureBlock {
  readonly title: string;
  readonly caption: string;
  /** The figure as SVG markup made by `figures/`. */
  readonly svg: string;
}

export interface SortingBlock {
  readonly heading: string;
  /** Sentences that a reader must see before the numbers. */
  readonly notes: readonly string[];
  readonly figures: readonly FigureBlock[];
  readonly units: readonly UnitRow[];
  /** Overviews of some units, below the table. */
  readonly unitFigures: readonly FigureBlock[];
  /** Where the files of the sorting are. */
  readonly files: readonly (readonly [name: string, value: string])[];
}

export interface RecordingBlock {
  readonly heading: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly figures: readonly FigureBlock[];
  readonly sortings: readonly SortingBlock[];
}

export interface ProvenanceRow {
  readonly what: string;
  readonly value: string;
}

export interface SessionPage {
  readonly title: string;
  readonly subtitle: string;
  readonly recordings: readonly RecordingBlock[];
  readonly provenance: readonly ProvenanceRow[];
  /** Fingerprint of what the page shows, kept in its head; see session-state.ts. */
  readonly state: string;
}

/** The whole page as text. */
export function sessionPage(page: SessionPage): string {
  return `<!doctype html>\n${
    html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="${stateName}" content="${page.state}">
<title>${page.title}</title>
<style>${raw(style)}</style>
</head>
<body>
<header><h1>${page.title}</h1><p>${page.subtitle}</p></header>
<main>
${page.recordings.map(recording)}
<section>
<h2>What made this page, and from what</h2>
${facts(page.provenance.map(({ what, value }) => [what, value] as const))}
</section>
</main>
<script>${raw(script)}</script>
</body>
</html>
`.markup
  }`;
}

function recording(block: RecordingBlock): Html {
  return html`<section>
<h2>${block.heading}</h2>
${facts(block.facts)}
${figures(block.figures)}
${block.sortings.map(sorting)}
</section>`;
}

function sorting(block: SortingBlock): Html {
  return html`<article>
<h3>${block.heading}</h3>
${block.notes.map((note) => html`<p class="note">${note}</p>`)}
${facts(block.files)}
${figures(block.figures)}
${block.units.length === 0 ? html`` : unitTable(block.units)}
${unitFigures(block)}
</article>`;
}

function unitFigures({ units, unitFigures: shown }: SortingBlock): Html {
  if (shown.length === 0) return html``;
  const which =
    shown.length === units.length
      ? "Overview of each unit"
      : `Overview of the ${shown.length} units with the largest SNR (all are in the figures' folder)`;
  return html`<h4>${which}</h4>${figures(shown)}`;
}

function facts(rows: readonly (readonly [name: string, value: string])[]): Html {
  if (rows.length === 0) return html``;
  return html`<table class="facts"><tbody>${rows.map(([name, value]) => html`<tr><th>${name}</th><td>${value}</td></tr>`)}</tbody></table>`;
}

function figures(blocks: readonly FigureBlock[]): Html {
  if (blocks.length === 0) return html``;
  return html`<div class="figures">${blocks.map(
    ({ title, caption, svg }) =>
      html`<figure aria-label="${title}">${raw(svg.replace(/^<\?xml[^>]*>\s*/, ""))}<figcaption>${caption}</figcaption></figure>`,
  )}</div>`;
}

interface Column {
  readonly title: string;
  /** Says what the number is; shown on hovering. */
  readonly help: string;
  readonly value: (unit: UnitRow) => number | string | null;
  readonly digits?: number;
}

const columns: readonly Column[] = [
  { title: "unit", help: "unit id of the sorter", value: (u) => u.unit },
  { title: "label", help: "cluster quality label", value: (u) => u.label },
  { title: "electrode", help: "electrode with the largest mean waveform", value: (u) => u.electrode },
  {
    title: "electrode depth (µm)",
    help: "of the electrode with the largest mean waveform, along the probe from the tip end; cluster_info.tsv and the figures give the unit's estimated depth",
    value: (u) => u.depthUm,
    digits: 0,
  },
  { title: "spikes", help: "spikes of the unit", value: (u) => u.spikeCount },
  { title: "rate (Hz)", help: "spikes per second of the recording", value: (u) => u.firingRateHz, digits: 2 },
  {
    title: "SNR",
    help: "largest amplitude of the mean waveform over the channel's noise (MAD)",
    value: (u) => u.snr,
    digits: 1,
  },
  { title: "amplitude (µV)", help: "median amplitude of the spikes", value: (u) => u.amplitudeUv, digits: 0 },
  {
    title: "ISI violations",
    help: "rate of intervals under 1.5 ms over the rate expected by chance",
    value: (u) => u.isiViolation,
    digits: 3,
  },
  {
    title: "contamination",
    help: "share of spikes from other units, from the refractory period",
    value: (u) => u.contaminationRate,
    digits: 3,
  },
  {
    title: "presence",
    help: "share of 60 s bins with a spike; empty for recordings under a minute",
    value: (u) => u.presenceRatio,
    digits: 2,
  },
  {
    title: "cut-off",
    help: "estimated share of spikes below the threshold",
    value: (u) => u.amplitudeCutoff,
    digits: 3,
  },
];

function unitTable(units: readonly UnitRow[]): Html {
  return html`<div class="controls"><label>Show units with SNR from <input type="number" step="0.5" min="0" data-filter="SNR"></label>
<label>label <input type="text" size="8" data-filter="label"></label> <span class="shown">${units.length} units</span></div>
<div class="scroll"><table class="units sortable">
<thead><tr>${columns.map(({ title, help }) => html`<th scope="col" title="${help}"><button type="button">${title}</button></th>`)}<th>waveform</th><th>autocorrelogram</th></tr></thead>
<tbody>${units.map(unitRow)}</tbody>
</table></div>`;
}

function unitRow(unit: UnitRow): Html {
  const cells = columns.map(({ title, value, digits }) => {
    const content = value(unit);
    const shown = typeof content === "number" && digits !== undefined ? content.toFixed(digits) : content;
    const key = content === null ? "" : String(content);
    return html`<td data-name="${title}" data-value="${key}"${raw(typeof content === "string" ? "" : ' class="number"')}>${shown ?? "–"}</td>`;
  });
  const wave = sparkline(unit.waveform, `mean waveform of unit ${unit.unit} on electrode ${unit.electrode}`);
  const acg = sparkbars(unit.autocorrelogram, `autocorrelogram of unit ${unit.unit}`);
  return html`<tr>${cells}<td>${wave}</td><td>${acg}</td></tr>`;
}
