import { realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import { isOneFile, TenkError } from "../base/mod.ts";
import { SERVICE, type WantedFile } from "../systemd/mod.ts";
import { completionScript } from "./completion.ts";

/** Folders from which a service may run its program. */
const PROGRAM_FOLDERS = ["/usr/local/bin", "/usr/bin", "/usr/local/sbin", "/usr/sbin"];
const PROGRAM = `/usr/local/bin/${SERVICE}`;
const CONFIG = `/etc/${SERVICE}/${SERVICE}.yaml`;

const FIRST_CONFIG = `# The configuration of the service. What is missing has a default: tenk check --config ${CONFIG} prints them all.
# systemctl reload ${SERVICE} applies a change; a wrong one changes nothing, and the command says what is wrong.
version: 1

# What runs here, as sudo tenk discover lists it: each gets a name with HTTPS, a probe and a tile on the page.
# domain: home.arpa
# services:
#   git: http://127.0.0.1:3000

# Something that listens, for a first load test; 0.0.0.0:9091 lets other machines reach it.
tcp:
  packets: { listen: "127.0.0.1:9091", handler: sink }
`;

/**
 * Returns where the service's program is, and the file to bring where it is not there yet.
 *
 * @throws {TenkError} `unsupported` where it runs from source
 */
export function installedProgram(path = process.execPath): { readonly path: string; readonly file?: WantedFile } {
  if (!isOneFile() && path === process.execPath)
    throw new TenkError("unsupported", "tenk install needs tenk as one file", {
      hint: "npm run build, then sudo dist/tenk-linux-x64 install",
    });
  const real = realpathSync(path);
  if (PROGRAM_FOLDERS.includes(dirname(real))) return { path: real };
  return { path: PROGRAM, file: { path: PROGRAM, mode: 0o755, content: { copyOf: real }, about: "" } };
}

/**
 * Returns the configuration that the service reads, and the file to bring where it is the usual one.
 *
 * @throws {TenkError} `usage` where the service could not read it
 */
export function installedConfig(given: string | undefined): { readonly path: string; readonly file?: WantedFile } {
  if (given !== undefined && resolve(given) !== CONFIG) {
    const path = resolve(given);
    requireReadable(path);
    return { path };
  }
  // It may have passwords later: others than the service cannot read it.
  const about = "a configuration to start from";
  const file = { path: CONFIG, mode: 0o640, content: FIRST_CONFIG, about, group: SERVICE, isUsers: true };
  return { path: CONFIG, file };
}

/** The service's user has no rights of its own: it reads only what everybody may read. */
function requireReadable(path: string): void {
  for (let at = path, needed = 0o4; at !== dirname(at); at = dirname(at), needed = 0o1) {
    const mode = statSync(at, { throwIfNoEntry: false })?.mode;
    if (mode === undefined) throw new TenkError("file-unreadable", `Cannot read ${path}: there is no ${at}`);
    if ((mode & needed) !== 0) continue;
    throw new TenkError("usage", `The service could not read ${path}: ${at} keeps the user ${SERVICE} out`, {
      hint: `put the configuration into ${dirname(CONFIG)}`,
    });
  }
}

/** Returns the scripts for the shells, below /usr/local, where all three look. */
export function completionFiles(all: Command): WantedFile[] {
  const share = "/usr/local/share";
  const paths = {
    bash: `${share}/bash-completion/completions/tenk`,
    zsh: `${share}/zsh/site-functions/_tenk`,
    fish: `${share}/fish/vendor_completions.d/tenk.fish`,
  };
  return Object.entries(paths).map(([shell, path]) => ({
    path,
    mode: 0o644,
    content: completionScript(all, shell),
    about: `completion in ${shell}`,
  }));
}
