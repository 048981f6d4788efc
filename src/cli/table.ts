/**
 * Rows in columns, two spaces between. Colour codes take no width.
 *
 * @param align one letter a column: `l` or `r`
 * @example
 * table([["a", "10"], ["bcd", "5"]], "lr"); // "a    10\nbcd   5"
 */
export function table(rows: readonly (readonly string[])[], align: string): string {
  const widths = [...align].map((_, column) => Math.max(...rows.map((row) => shownWidth(row[column] ?? ""))));
  return rows
    .map((row) =>
      row
        .map((cell, column) => aligned(cell, widths[column] ?? 0, align[column]))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function aligned(cell: string, width: number, side: string | undefined): string {
  const space = " ".repeat(Math.max(0, width - shownWidth(cell)));
  return side === "r" ? space + cell : cell + space;
}

/** Columns a text takes on a terminal, for the characters tenk prints (none of double width). */
export function shownWidth(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with one
  return [...text.replace(/\x1b\[[0-9;]*m/g, "")].length;
}
