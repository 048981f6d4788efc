import { createInterface } from "node:readline/promises";
import { TenkError } from "../base/mod.ts";
import type { Plan } from "../systemd/mod.ts";
import { print } from "./output.ts";
import { stderr } from "./terminal.ts";

/** Prints what is going to be done, and what is left alone. */
export function printPlan(command: string, { steps, kept }: Plan): void {
  const lines = (title: string, texts: readonly string[]) =>
    texts.length === 0 ? [] : [title, ...texts.map((text) => `  ${text}`)];
  const all = [
    ...lines(
      `${command} will`,
      steps.map(({ text }) => text),
    ),
    ...lines("It leaves alone", kept),
  ];
  print(all.length === 0 ? `${command}: nothing to do` : all.join("\n"));
}

/**
 * Asks on a terminal whether to go on.
 *
 * @throws {TenkError} `usage` without a terminal: a script says `--yes`
 */
export async function confirmed(): Promise<boolean> {
  if (process.stdin.isTTY !== true || !stderr.isLive)
    throw new TenkError("usage", "Cannot ask whether to go on: this is no terminal", { hint: "--yes does it unasked" });
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await asking.question("Go on? [y/N] ")).trim());
  } finally {
    asking.close();
  }
}
