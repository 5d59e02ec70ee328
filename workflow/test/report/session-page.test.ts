/** The report page in a real browser: it opens without a network and without errors, sorts and filters, and says what it is made from. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { type SessionPage, sessionPage, type UnitRow } from "../../src/report/session-page.ts";
import { samples } from "../figures/support/samples.ts";

const executablePath = [process.env["TENON_CHROMIUM"], "/usr/bin/chromium", "/usr/bin/chromium-browser"].find(
  (path) => path !== undefined && existsSync(path),
);
const skip =
  executablePath === undefined ? "no Chromium: install it, or set TENON_CHROMIUM to its path" : false;

function unit(id: number, more: Partial<UnitRow>): UnitRow {
  return {
    unit: id,
    label: "good",
    electrode: 10 * id,
    depthUm: 20 * id,
    spikeCount: 100 + id,
    firingRateHz: 1.5,
    snr: 5,
    amplitudeUv: 80,
    isiViolation: 0,
    presenceRatio: null,
    amplitudeCutoff: null,
    contaminationRate: 0,
    waveform: [0, -3, 1, 0],
    autocorrelogram: [2, 1, 0, 1, 2],
    ...more,
  };
}

const page: SessionPage = {
  title: 'mouse1/<session> & "more"',
  subtitle: "subject mouse1",
  state: "0123456789abcdef",
  recordings: [
    {
      heading: "Probe insertion 0",
      facts: [["probe", "NP2000"]],
      figures: [{ title: "LFP", caption: "c", svg: samples["lfp-spectrogram"].draw().svg }],
      sortings: [
        {
          heading: "tenon, parameter set 0",
          notes: ["4 units"],
          files: [["results", "a/b"]],
          figures: [{ title: "Drift map", caption: "d", svg: samples["drift-map"].draw().svg }],
          units: [
            unit(0, { snr: 9.5, label: "mua" }),
            unit(1, { snr: null }),
            unit(2, { snr: 10.25 }),
            unit(3, { snr: 4 }),
          ],
          unitFigures: [{ title: "Unit 2", caption: "u", svg: samples["unit-overview"].draw().svg }],
        },
        {
          heading: "kilosort, parameter set 1",
          notes: ["No units."],
          files: [],
          figures: [],
          units: [],
          unitFigures: [],
        },
      ],
    },
  ],
  provenance: [{ what: "page", value: "Tenon" }],
};

describe("the report page in Chromium", { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), "tenon-page-"));
  const path = join(folder, "report.html");
  let browser: Browser;
  let tab: Page;
  const trouble: string[] = [];

  before(async () => {
    writeFileSync(path, sessionPage(page));
    browser = await chromium.launch({ executablePath: executablePath!, args: ["--no-sandbox"] });
    tab = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    tab.on("console", (message) => trouble.push(`${message.type()}: ${message.text()}`));
    tab.on("pageerror", (error) => trouble.push(error.message));
    tab.on("request", (request) => {
      if (!/^(file|data):/.test(request.url())) trouble.push(`asks for ${request.url()}`);
    });
    await tab.goto(pathToFileURL(path).href);
  });
  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const column = (index: number) =>
    tab.locator(`table.units tbody tr:not([hidden]) td:nth-child(${index})`).allTextContents();
  const head = (name: string) => tab.locator("table.units th button", { hasText: name });

  it("opens without an error, a message or a request to anywhere", () => assert.deepEqual(trouble, []));

  it("shows text as it is, not as markup", async () => {
    assert.equal(await tab.locator("h1").textContent(), page.title);
    assert.equal(await tab.title(), page.title);
  });

  it("shows every figure at its size", async () => {
    const boxes = await tab
      .locator("figure > svg")
      .evaluateAll((all) => all.map((svg) => svg.getBoundingClientRect().width));
    assert.equal(boxes.length, 3);
    assert.ok(
      boxes.every((width) => width > 500 && width < 1280),
      `${boxes}`,
    );
  });

  it("sorts by a column, largest first, then smallest; units without a value come last", async () => {
    assert.deepEqual(await column(1), ["0", "1", "2", "3"]);
    await head("SNR").click();
    assert.deepEqual(await column(1), ["2", "0", "3", "1"]);
    assert.deepEqual(await tab.locator("table.units th[aria-sort]").count(), 1);
    await head("SNR").click();
    assert.deepEqual(await column(1), ["3", "0", "2", "1"]);
    await head("unit").click();
    assert.deepEqual(await column(1), ["3", "2", "1", "0"]);
    await head("label").click();
    assert.deepEqual(await column(2), ["mua", "good", "good", "good"]);
  });

  it("filters by SNR and by label, and counts what is left", async () => {
    await tab.locator('input[data-filter="SNR"]').fill("5");
    assert.deepEqual((await column(1)).toSorted(), ["0", "2"]);
    assert.equal(await tab.locator(".shown").textContent(), "2 of 4 units");
    await tab.locator('input[data-filter="label"]').fill("go");
    assert.deepEqual(await column(1), ["2"]);
    for (const name of ["SNR", "label"]) await tab.locator(`input[data-filter="${name}"]`).fill("");
    assert.equal((await column(1)).length, 4);
  });

  it("does not scroll sideways", async () => {
    const wider = await tab.evaluate("document.documentElement.scrollWidth > window.innerWidth");
    assert.equal(wider, false);
  });

  it("made no trouble in all of that", () => assert.deepEqual(trouble, []));
});
