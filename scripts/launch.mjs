#!/usr/bin/env node
// The one entry of `tenk` and of every `npm run`: installs what is missing, finds Bun, runs what was asked for.
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { isatty } from "node:tty";
import { fileURLToPath } from "node:url";
import { ensureInstalled } from "./install.mjs";
import { findBun, isolation } from "./runtime.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Words that are not tenk's commands: each is a script of this folder. */
const TASKS = {
  "--test": "test.ts",
  "--check": "check.ts",
  "--build": "build.ts",
  "--bench": "../bench/run.ts",
  "--cluster": "cluster/main.ts",
};

const [word = "", ...rest] = process.argv.slice(2);
const task = TASKS[word];

try {
  if (Number(process.versions.node.split(".")[0]) < 20)
    throw new Error(`Node ${process.versions.node} is too old: tenk needs 20`);
  ensureInstalled(root, { withDevelopment: task !== undefined });
  const script = task === undefined ? join(root, "src", "main.ts") : join(root, "scripts", task);
  run(findBun(root), [...isolation(root), script, ...(task === undefined ? process.argv.slice(2) : rest)]);
} catch (error) {
  console.error(`tenk: ${error.message}`);
  process.exitCode = 1;
}

function run(file, words) {
  const child = spawn(file, words, { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]) process.on(signal, () => pass(child, signal));
  child.on("error", (error) => {
    console.error(`tenk: cannot start ${file}: ${error.message}`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    // Ends as the child did, so that a shell sees the same.
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

/** A terminal sends Ctrl-C to the child as well as to us: passed on, it would count as the second one, which ends at once. */
function pass(child, signal) {
  const fromTerminal = (signal === "SIGINT" || signal === "SIGQUIT") && [0, 1, 2].some(isatty);
  if (!fromTerminal) child.kill(signal);
}
