/** Rows of cells for a person at a terminal. Programs get the same cells separated by tabs. */

/** Stands for nothing, in a row. */
const nothing = '-';

/**
 * A table with these titles when it fits into `width`; else one block for each row, a cell a line. Columns without anything in
 * them are left out. Cells beyond the last column stand below its first one.
 */
export function tableOf(
  rows: readonly (readonly string[])[],
  titles: readonly string[],
  width: number,
): readonly string[] {
  if (rows.length === 0) return [];
  const columns = titles
    .map((_, index) => index)
    .filter((index) => rows.some((row) => isSomething(row[index])));
  const picked = (row: readonly string[]) => columns.map((index) => row[index] ?? nothing);
  const lines = rows.flatMap((row) => {
    const more = row.slice(titles.length).map((cell) => [...columns.slice(1).map(() => ''), cell]);
    return [picked(row), ...more];
  });
  const table = aligned([picked(titles), ...lines]);
  if (table.every((line) => line.length <= width)) return table;
  return rows.flatMap((row, index) => [...(index > 0 ? [''] : []), ...blockOf(row, titles)]);
}

/** Cells stand below each other. */
export function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, { length }] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, length);
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function blockOf(row: readonly string[], titles: readonly string[]): readonly string[] {
  const cells = row.map((cell, index) => [titles[index] ?? '', cell]);
  return aligned(cells.filter(([, cell]) => isSomething(cell)));
}

function isSomething(cell: string | undefined): boolean {
  return cell !== undefined && cell !== nothing && cell !== '';
}
