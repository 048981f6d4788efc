/** Peers that no Debian package has. They are kept for the next run. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildGoModule } from "../../net/go.ts";

const NODE_RED = "4.1.8";
const folder = join(tmpdir(), `tenk-node-red-${NODE_RED}`);

/** Where Node-RED's program is, once `installNodeRed` has been called on this machine. */
export const nodeRedProgram = join(folder, "node_modules/node-red/red.js");

/** Takes a minute the first time. Runs no install scripts. */
export function installNodeRed(): void {
  if (existsSync(nodeRedProgram)) return;
  const unfinished = `${folder}-${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  const words = [
    "install",
    "--no-audit",
    "--no-fund",
    "--ignore-scripts",
    "--prefix",
    unfinished,
    `node-red@${NODE_RED}`,
  ];
  const { status, stderr } = spawnSync("npm", words, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  renameSync(unfinished, folder);
}

/** Builds a MongoDB server of Go modules: FerretDB over SQLite. Takes two minutes the first time. @returns the program's path */
export const buildFerretDb = () => buildGoModule(join(import.meta.dirname, "ferretdb"));
