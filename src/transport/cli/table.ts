/** Tables for a terminal. Programs get the same cells separated by tabs. */

/** An empty cell. */
const nothing = '-';

/**
 * A table with titles if it fits `width`; otherwise one block per row, one cell per line. Omits empty columns. Extra cells go
 * below the first column.
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

/** Aligns the columns. */
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
