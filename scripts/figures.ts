/** Copies the README's figures from the table that the benchmark wrote: `bun scripts/figures.ts`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");

/** Rows of the README: the name in the benchmark's table, and the name that readers know. */
const SERVERS: readonly [name: string, known: string][] = [
  ["c-epoll", "C, epoll by hand"],
  ["tenk", "**tenk**"],
  ["go", "Go"],
  ["node", "Node's `net`"],
  ["vertx-native", "Vert.x 5, native transport"],
];

/**
 * Returns the README's table, without the spread and without servers that were not measured.
 *
 * @param bench the text of bench/README.md
 */
export function figuresOf(bench: string): string {
  const table = /<!-- tcp -->([\s\S]*?)<!-- \/tcp -->/.exec(bench)?.[1] ?? "";
  const cellsOf = (line: string) => line.split("|").map((cell) => cell.trim().replace(/ \(.*\)$/, ""));
  const lines = table.split("\n").map(cellsOf);
  const head = lines.find((cells) => cells[1] === "server") ?? [];
  const columns = ["CPU us/message", "idle B/connection", "burst ms"].map((name) => head.indexOf(name));
  const rows = SERVERS.flatMap(([name, known]) => {
    const cells = lines.find((row) => row[1] === name);
    if (cells === undefined) return [];
    const [cpu, memory, burst] = columns.map((column) => cells[column] ?? "");
    return [`| ${known} | ${cpu} µs | ${Math.round(Number(memory))} B | ${burst} ms |`];
  });
  const title = "| server | CPU a message | memory an idle connection | 10 000 connects at once |";
  return [title, "| --- | --: | --: | --: |", ...rows].join("\n");
}

/** Returns the README with new figures. */
export function withFigures(readme: string, bench: string): string {
  return readme.replace(/(<!-- figures -->\n)[\s\S]*?(\n<!-- \/figures -->)/, (_, before, after) => {
    return `${before}${figuresOf(bench)}${after}`;
  });
}

if (import.meta.main) {
  const readme = join(ROOT, "README.md");
  const bench = readFileSync(join(ROOT, "bench/README.md"), "utf8");
  writeFileSync(readme, withFigures(readFileSync(readme, "utf8"), bench));
}
