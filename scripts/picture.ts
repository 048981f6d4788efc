/**
 * Draws the content of a terminal as an SVG, for the README:
 *
 *     tmux new-session -d -s demo -x 96 -y 40 'npm run --silent demo; sleep 60'
 *     tmux capture-pane -t demo -p -e > live.txt     # in mid-run
 *     tmux capture-pane -t demo -p -e > report.txt   # after it
 *     bun scripts/picture.ts docs/demo.svg 'npm run demo' live.txt report.txt
 */
import { readFileSync, writeFileSync } from "node:fs";

const CELL = { width: 8, height: 19 };
const MARGIN = 18;
const BACKGROUND = "#12161c";
const PLAIN = "#d5dbe3";
/** By ANSI code; readable on the background. */
const COLOURS: Readonly<Record<number, string>> = {
  31: "#ff7b72",
  32: "#6fdd8b",
  33: "#e6c355",
  34: "#79b8ff",
  35: "#d2a8ff",
  36: "#63d3dd",
  90: "#7d8792",
};

/** Characters of one style at one place. */
interface Run {
  row: number;
  column: number;
  text: string;
  bold: boolean;
  dim: boolean;
  colour: string;
}

/**
 * Splits a captured screen into runs. It understands only the output of `capture-pane -e`: text, line ends and colours.
 *
 * @example
 * runsOf("a \u001b[1mb\u001b[0m")[1]?.column; // 2
 */
export function runsOf(screen: string): Run[] {
  const runs: Run[] = [];
  let look = { bold: false, dim: false, colour: PLAIN };
  for (const [row, line] of screen.split("\n").entries()) {
    let column = 0;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
    for (const [index, part] of line.split(/\u001b\[([\d;]*)m/).entries()) {
      if (index % 2 === 1) look = part.split(";").reduce(after, look);
      else if (part.trim() !== "") runs.push({ row, column, text: part, ...look });
      if (index % 2 === 0) column += [...part].length;
    }
  }
  return runs;
}

function after<Look extends { bold: boolean; dim: boolean; colour: string }>(look: Look, code: string): Look {
  const number = Number(code);
  if (number === 0) return { ...look, bold: false, dim: false, colour: PLAIN };
  if (number === 1) return { ...look, bold: true };
  if (number === 2) return { ...look, dim: true };
  if (number === 22) return { ...look, bold: false, dim: false };
  return number === 39 || COLOURS[number] !== undefined ? { ...look, colour: COLOURS[number] ?? PLAIN } : look;
}

/** Removes empty lines at both ends, and merges several empty lines in between into one. */
export function tidy(screen: string): string {
  return screen
    .replace(/[ \t]+$/gm, "")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

/** Draws one screen. */
export function pictureOf(screen: string, title: string): string {
  const runs = runsOf(screen);
  const columns = Math.max(...runs.map((run) => run.column + [...run.text].length));
  const rows = screen.split("\n").length;
  const [width, height] = [columns * CELL.width + 2 * MARGIN, rows * CELL.height + 2 * MARGIN];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" rx="10" fill="${BACKGROUND}"/>`,
    '<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="13" xml:space="preserve">',
    ...runs.map(textOf),
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

/** Sets the length of the text, so that columns are aligned in any font. */
function textOf(run: Run): string {
  const text = run.text.trimEnd();
  const lead = text.length - text.trimStart().length;
  const shown = text.trimStart();
  const x = MARGIN + (run.column + lead) * CELL.width;
  const y = MARGIN + run.row * CELL.height + 14;
  const look = `${run.bold ? ' font-weight="bold"' : ""}${run.dim ? ' opacity="0.6"' : ""}`;
  const length = `textLength="${[...shown].length * CELL.width}" lengthAdjust="spacingAndGlyphs"`;
  return `<text x="${x}" y="${y}" ${length} fill="${run.colour}"${look}>${escaped(shown)}</text>`;
}

function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

if (import.meta.main) {
  const [into, command, ...screens] = process.argv.slice(2);
  if (into === undefined || command === undefined || screens.length === 0) {
    throw new Error("Expected: OUTPUT.svg COMMAND SCREEN.txt …");
  }
  const parts = screens.map((path) => tidy(readFileSync(path, "utf8")));
  const screen = [`\u001b[2m$\u001b[0m \u001b[1m${command}\u001b[0m`, ...parts].join("\n\n");
  writeFileSync(into, pictureOf(screen, `A terminal running ${command}`));
}
