/**
 * Formats rows in columns, two spaces between. Colour codes take no width.
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

/** A text at the end is not cut below this width. */
const MIN_TEXT_WIDTH = 16;

/**
 * Formats a table to a width. A text in the last column is shortened first; then columns are left out, the least important first;
 * then the first column is shortened, unless the last one is a text.
 *
 * @param firstToGo columns that may be left out, the least important first
 * @example
 * fittedTable([["name", "x", "7"]], "llr", 7, [1]); // "name  7"
 */
export function fittedTable(
  rows: readonly (readonly string[])[],
  align: string,
  width: number,
  firstToGo: readonly number[],
): string {
  const widths = [...align].map((_, column) => Math.max(...rows.map((row) => shownWidth(row[column] ?? ""))));
  const last = align.length - 1;
  const isText = align[last] === "l";
  const taken = (columns: readonly number[]) =>
    columns.reduce((sum, column) => {
      const shown = column === last && isText ? Math.min(widths[column]!, MIN_TEXT_WIDTH) : widths[column]!;
      return sum + shown + 2;
    }, -2);
  let kept = [...align].map((_, column) => column);
  for (const column of firstToGo) if (taken(kept) > width) kept = kept.filter((each) => each !== column);
  const over = taken(kept) - width;
  const first = kept[0]!;
  const cell = (row: readonly string[], column: number) => {
    const text = row[column] ?? "";
    return column === first && over > 0 && !isText ? shortened(text, Math.max(1, widths[first]! - over)) : text;
  };
  const text = table(
    rows.map((row) => kept.map((column) => cell(row, column))),
    kept.map((column) => align[column]).join(""),
  );
  return text
    .split("\n")
    .map((line) => shortened(line, width))
    .join("\n");
}

/** Wraps a list of facts at its commas; further lines begin below the first fact. */
export function wrappedFacts(label: string, facts: string, width: number): string {
  const indent = " ".repeat(shownWidth(label) + 2);
  let line = `${label}  `;
  const lines: string[] = [];
  for (const [index, fact] of facts.split(", ").entries()) {
    const isFirst = index === 0;
    if (!isFirst && shownWidth(line) + 2 + shownWidth(fact) > width) {
      lines.push(`${line},`);
      line = indent + fact;
    } else line += isFirst ? fact : `, ${fact}`;
  }
  return [...lines, line].join("\n");
}

/** Wraps a text at its spaces; a word that is wider than a line is cut into several. */
export function wrapped(text: string, width: number, indent: string): string[] {
  const room = Math.max(8, width - indent.length);
  const lines: string[] = [];
  for (let rest = text; rest !== ""; ) {
    const space = rest.length > room ? rest.lastIndexOf(" ", room) : rest.length;
    const at = space > 0 ? space : room;
    lines.push(indent + rest.slice(0, at));
    rest = rest.slice(at).trimStart();
  }
  return lines;
}

/** Replaces what would change the terminal or the writing direction: reasons and names may be from the network. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "?");
}

/**
 * Cuts a line to a width, and marks the cut. Colour codes take no width and are kept.
 *
 * @example
 * shortened("abcdef", 4); // "abc…"
 */
export function shortened(line: string, width: number, mark = "…"): string {
  if (shownWidth(line) <= width) return line;
  const room = width - shownWidth(mark);
  let shown = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with one
  return line.replace(/\x1b\[[0-9;]*m|./gsu, (part) => {
    if (part.length > 1 && part.startsWith("\x1b")) return part;
    shown += 1;
    if (shown <= room) return part;
    return shown === room + 1 ? mark : "";
  });
}

function aligned(cell: string, width: number, side: string | undefined): string {
  const space = " ".repeat(Math.max(0, width - shownWidth(cell)));
  return side === "r" ? space + cell : cell + space;
}

/** Returns the columns that a text takes on a terminal, for the characters that tenk prints (none of double width). */
export function shownWidth(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with one
  return [...text.replace(/\x1b\[[0-9;]*m/g, "")].length;
}
