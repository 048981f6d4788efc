import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileProblemOf } from "../../base/mod.ts";
import { findProgram, type Machine, run } from "./machine.ts";
import { fileNameOf, type TrustedRoot, type TrustResult } from "./result.ts";

const STORE = "system store";

interface Kind {
  readonly folder: string;
  readonly extension: string;
  /** Makes a new file take effect. */
  readonly refresh: readonly string[];
  /** The same for a file that is gone. @default {refresh} */
  readonly refreshRemoved?: readonly string[];
}

/** Where distributions keep the roots that an administrator adds. The first that exists counts. */
const KINDS: readonly Kind[] = [
  // Fedora, RHEL, Amazon Linux
  { folder: "/etc/pki/ca-trust/source/anchors", extension: "pem", refresh: ["update-ca-trust", "extract"] },
  // openSUSE
  { folder: "/etc/pki/trust/anchors", extension: "pem", refresh: ["update-ca-certificates"] },
  // Arch
  { folder: "/etc/ca-certificates/trust-source/anchors", extension: "crt", refresh: ["trust", "extract-compat"] },
  // Debian, Ubuntu, Alpine. Without --fresh a removed root leaves its link.
  {
    folder: "/usr/local/share/ca-certificates",
    extension: "crt",
    refresh: ["update-ca-certificates"],
    refreshRemoved: ["update-ca-certificates", "--fresh"],
  },
];

/** Adds the root to what curl, Python, Go and most programs trust, or says how. */
export function installInSystem(root: TrustedRoot, machine: Machine): TrustResult {
  const kind = kindOf(machine);
  if (kind === undefined) return unknownSystem(root);
  const path = join(machine.root, kind.folder, fileNameOf(root, kind.extension));
  if (textOf(path) === root.root) return { store: STORE, state: "unchanged", path };
  const refresh = programOf(kind.refresh, machine);
  if (machine.canWrite(join(machine.root, kind.folder))) {
    return attempt(path, "installed", () => {
      writeFileSync(path, root.root, { mode: 0o644 });
      return run(refresh);
    });
  }
  const copy = ["tee", path];
  const sudo = sudoOf(machine);
  if (sudo !== undefined) {
    return attempt(path, "installed", () => {
      const written = run([sudo, ...copy], { input: root.root });
      return written.isDone ? run([sudo, ...refresh]) : written;
    });
  }
  const instructions = [`tenk trust --print | sudo ${copy.join(" ")} > /dev/null`, `sudo ${kind.refresh.join(" ")}`];
  return { store: STORE, state: "to-do", path, instructions };
}

/** Removes this root, and no other. */
export function removeFromSystem(root: TrustedRoot, machine: Machine): TrustResult {
  const kind = kindOf(machine);
  if (kind === undefined) return { store: STORE, state: "unchanged" };
  const path = join(machine.root, kind.folder, fileNameOf(root, kind.extension));
  if (!existsSync(path)) return { store: STORE, state: "unchanged", path };
  const words = kind.refreshRemoved ?? kind.refresh;
  const refresh = programOf(words, machine);
  if (machine.canWrite(join(machine.root, kind.folder))) {
    return attempt(path, "removed", () => {
      rmSync(path);
      return run(refresh);
    });
  }
  const sudo = sudoOf(machine);
  if (sudo !== undefined) {
    return attempt(path, "removed", () => {
      const removed = run([sudo, "rm", path]);
      return removed.isDone ? run([sudo, ...refresh]) : removed;
    });
  }
  return { store: STORE, state: "to-do", path, instructions: [`sudo rm ${path}`, `sudo ${words.join(" ")}`] };
}

function kindOf(machine: Machine): Kind | undefined {
  return KINDS.find(({ folder }) => existsSync(join(machine.root, folder)));
}

function programOf([name = "", ...words]: readonly string[], machine: Machine): string[] {
  return [findProgram(machine, name) ?? name, ...words];
}

/** sudo, where it could ask for a password. */
function sudoOf(machine: Machine): string | undefined {
  return machine.canAsk ? findProgram(machine, "sudo") : undefined;
}

function attempt(path: string, state: "installed" | "removed", work: () => ReturnType<typeof run>): TrustResult {
  try {
    const { isDone, output } = work();
    return isDone ? { store: STORE, state, path } : { store: STORE, state: "failed", path, problem: output };
  } catch (error) {
    return { store: STORE, state: "failed", path, problem: fileProblemOf(error) };
  }
}

function unknownSystem({ commonName }: TrustedRoot): TrustResult {
  const instructions =
    process.platform === "darwin"
      ? [
          "tenk trust --print > tenk.pem",
          "sudo security add-trusted-cert -d -k /Library/Keychains/System.keychain tenk.pem",
        ]
      : [`tenk trust --print > tenk.pem   # then add "${commonName}" to the roots that this system trusts`];
  return { store: STORE, state: "to-do", instructions };
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
