/**
 * @module
 * Figures on disk: each as SVG and PNG, and `figures.json` that says what they are.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { renderPng } from "../figures/render-png.ts";
import type { NamedFigure } from "./sorting-figures.ts";

/** An entry of `figures.json`. */
export interface FigureEntry {
  /** Path below the folder without ending. */
  readonly file: string;
  readonly title: string;
  readonly caption: string;
}

const listName = "figures.json";

export interface WriteFiguresOptions {
  /** Pixels of PNG per CSS pixel; default 2. */
  readonly scale?: number;
}

/** Writes one figure. @returns the PNG's bytes */
export async function writeFigure(
  folder: string,
  { file, figure }: NamedFigure,
  options: WriteFiguresOptions = {},
): Promise<Uint8Array> {
  const path = join(folder, file);
  await mkdir(dirname(path), { recursive: true });
  const png = renderPng(figure.svg, options);
  await writeFile(`${path}.svg`, figure.svg);
  await writeFile(`${path}.png`, png);
  return png;
}

/** Writes the list of figures that a folder holds. */
export async function writeFigureList(folder: string, entries: readonly FigureEntry[]): Promise<void> {
  const list = entries.map(({ file, title, caption }) => ({ file, title, caption }));
  await writeFile(join(folder, listName), `${JSON.stringify(list, null, 1)}\n`);
}

/** The figures that a folder says it holds, in order; none when it has no list. */
export async function readFigureList(folder: string): Promise<readonly FigureEntry[]> {
  try {
    return JSON.parse(await readFile(join(folder, listName), "utf8")) as FigureEntry[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
