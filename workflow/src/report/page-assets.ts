/**
 * @module
 * The style sheet and the script of report pages, as text that is written into each page: a page must open from any disk, years later.
 */

export const style = `
:root { color-scheme: light dark; --line: #d4d7dc; --soft: #f4f5f7; --ink: #1c2430; --mild: #5a6472; --accent: #0b5c8f; }
@media (prefers-color-scheme: dark) { :root { --line: #3a424d; --soft: #1d232b; --ink: #e6e9ee; --mild: #9aa5b3; --accent: #6db7e8; } }
body { margin: 0; font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; color: var(--ink); background: Canvas; }
header, main { max-width: 1320px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 28px; border-bottom: 1px solid var(--line); }
h1 { font-size: 26px; margin: 0; } header p { color: var(--mild); margin: 4px 0 16px; }
h2 { font-size: 20px; margin: 32px 0 8px; } h3 { font-size: 17px; margin: 28px 0 6px; } h4 { font-size: 15px; margin: 26px 0 6px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.facts th { text-align: left; font-weight: 500; color: var(--mild); padding: 2px 20px 2px 0; vertical-align: top; white-space: nowrap; }
.facts td { overflow-wrap: anywhere; }
.figures { display: flex; flex-wrap: wrap; gap: 18px; margin: 16px 0; }
figure { margin: 0; padding: 12px; border: 1px solid var(--line); border-radius: 6px; background: #fff; color: #1c2430; max-width: 100%; box-sizing: border-box; }
figure > svg { max-width: 100%; height: auto; display: block; }
figcaption { font-size: 13px; color: #5a6472; max-width: 72ch; margin-top: 6px; }
.note { border-left: 3px solid var(--accent); padding: 4px 12px; background: var(--soft); }
.controls { display: flex; gap: 18px; align-items: center; flex-wrap: wrap; margin: 12px 0 6px; color: var(--mild); font-size: 14px; }
.controls input { width: 5em; font: inherit; }
.scroll { overflow-x: auto; }
.units th { position: sticky; top: 0; background: var(--soft); text-align: right; border-bottom: 1px solid var(--line); padding: 0; font-size: 13px; font-weight: 600; }
.units th:not(:has(button)) { padding: 4px 8px; text-align: left; }
.units th button { all: unset; cursor: pointer; padding: 4px 8px; display: block; white-space: nowrap; }
.units th button:focus-visible { outline: 2px solid var(--accent); }
.units th[aria-sort=ascending] button::after { content: " ▲"; } .units th[aria-sort=descending] button::after { content: " ▼"; }
.units td { padding: 1px 8px; border-bottom: 1px solid var(--line); } .units td.number { text-align: right; }
.units tr:hover td { background: var(--soft); }
.spark { display: block; color: var(--accent); }
@media print { .controls { display: none; } .units th { position: static; } }
`;

export const script = `
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0], rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  const value = (row, column) => row.cells[column].dataset.value ?? "";
  heads.forEach((head, column) => {
    head.querySelector("button")?.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "descending";
      const direction = down ? 1 : -1;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "ascending" : "descending");
      rows.sort((a, b) => {
        const [x, y] = [value(a, column), value(b, column)];
        if (x === "" || y === "") return (x === "") - (y === "");
        const [n, m] = [Number(x), Number(y)];
        return direction * (Number.isNaN(n) || Number.isNaN(m) ? x.localeCompare(y) : n - m);
      });
      body.append(...rows);
    });
  });
  const controls = table.closest(".scroll").previousElementSibling;
  const inputs = [...controls.querySelectorAll("input")];
  const filter = () => {
    let shown = 0;
    for (const row of rows) {
      const keep = inputs.every((input) => {
        if (input.value === "") return true;
        const cell = [...row.cells].find((other) => other.dataset.name === input.dataset.filter);
        return input.type === "number" ? Number(cell.dataset.value || "NaN") >= Number(input.value) : cell.dataset.value.startsWith(input.value);
      });
      row.hidden = !keep;
      if (keep) shown++;
    }
    controls.querySelector(".shown").textContent = shown + " of " + rows.length + " units";
  };
  inputs.forEach((input) => input.addEventListener("input", filter));
}
`;
