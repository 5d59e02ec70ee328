/**
 * @module
 * A table as text: columns as wide as their widest cell, numbers to the right.
 */

/** Lines of a table. A column is to the right when all its cells are numbers, or "" or "-". */
export function textTable(
  header: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): readonly string[] {
  const cells = rows.map((row) => row.map(String));
  const columns = header.map((name, i) => {
    const column = cells.map((row) => row[i] ?? "");
    return {
      width: Math.max(name.length, ...column.map((cell) => cell.length)),
      isNumeric: column.every((cell) => /^(-?[\d.]+|-|)$/.test(cell)) && column.length > 0,
    };
  });
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => {
        const { width, isNumeric } = columns[i]!;
        return isNumeric ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd();
  return [line(header), ...cells.map(line)];
}
