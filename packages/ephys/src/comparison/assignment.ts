/**
 * @module
 * The assignment problem: pairs rows with columns, one to one, so that the sum of the chosen scores is largest.
 *
 * Shortest augmenting paths with potentials (Kuhn 1955, Munkres 1957, in the O(n^2 m) form of Jonker and Volgenant 1987). Scores are
 * maximised; a row may be left without a column only when there are fewer columns than rows.
 */
import { ShapeError } from "../errors.ts";

/**
 * Assigns columns to rows.
 *
 * @param scores  Float64Array [rows x columns], row-major, larger is better
 * @returns Int32Array [rows]: the column of each row, -1 for none
 * @throws ShapeError when `scores` is not rows x columns
 */
export function assign(scores: Float64Array, rows: number, columns: number): Int32Array {
  if (scores.length !== rows * columns)
    throw new ShapeError(
      `Scores of ${rows} rows x ${columns} columns need ${rows * columns} values, got ${scores.length}`,
    );
  const columnOfRow = new Int32Array(rows).fill(-1);
  if (rows > columns) {
    const rowOfColumn = assign(transpose(scores, rows, columns), columns, rows);
    for (let c = 0; c < columns; c++) if (rowOfColumn[c] >= 0) columnOfRow[rowOfColumn[c]] = c;
    return columnOfRow;
  }
  // column 0 is a start node; rows and columns count from 1
  const rowPotential = new Float64Array(rows + 1);
  const columnPotential = new Float64Array(columns + 1);
  const rowOf = new Int32Array(columns + 1);
  const previous = new Int32Array(columns + 1);
  const slack = new Float64Array(columns + 1);
  const isVisited = new Uint8Array(columns + 1);
  for (let row = 1; row <= rows; row++) {
    rowOf[0] = row;
    slack.fill(Number.POSITIVE_INFINITY);
    isVisited.fill(0);
    let column = 0;
    do {
      isVisited[column] = 1;
      const from = rowOf[column];
      let delta = Number.POSITIVE_INFINITY;
      let next = 0;
      for (let c = 1; c <= columns; c++) {
        if (isVisited[c] === 1) continue;
        const cost = -scores[(from - 1) * columns + c - 1] - rowPotential[from] - columnPotential[c];
        if (cost < slack[c]) {
          slack[c] = cost;
          previous[c] = column;
        }
        if (slack[c] < delta) {
          delta = slack[c];
          next = c;
        }
      }
      for (let c = 0; c <= columns; c++) {
        if (isVisited[c] === 1) {
          rowPotential[rowOf[c]] += delta;
          columnPotential[c] -= delta;
        } else slack[c] -= delta;
      }
      column = next;
    } while (rowOf[column] !== 0);
    while (column !== 0) {
      rowOf[column] = rowOf[previous[column]];
      column = previous[column];
    }
  }
  for (let c = 1; c <= columns; c++) if (rowOf[c] > 0) columnOfRow[rowOf[c] - 1] = c - 1;
  return columnOfRow;
}

function transpose(values: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(values.length);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) out[c * rows + r] = values[r * columns + c];
  return out;
}
