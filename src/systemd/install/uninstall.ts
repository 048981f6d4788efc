import { readdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { SERVICE } from "../unit.ts";
import { DATA_FOLDER } from "./install.ts";
import { type Machine, sha256OfFile } from "./machine.ts";
import type { Made } from "./manifest.ts";
import type { Plan, Step } from "./step.ts";

export interface UninstallOptions {
  /** Remove the data too, and the user that it belongs to. */
  readonly purges: boolean;
}

/** Plans to take back what installations made, the last first. What was changed since, or is of others, stays. */
export function planUninstall(machine: Machine, made: readonly Made[], { purges }: UninstallOptions): Plan {
  const steps: Step[] = [];
  const kept: string[] = [];
  const keepsData = !purges && hasFiles(DATA_FOLDER, machine);
  const units = made.flatMap((each) => (each.kind === "unit" ? [each] : []));
  // The sockets too: a connection to one would start the service again.
  if (units.length > 0)
    steps.push({
      text: `stop ${units.map(({ name }) => name).join(" and ")}`,
      take: () => void machine.succeeds("systemctl", "stop", ...units.map(({ name }) => name).reverse()),
    });
  for (const each of made.toReversed()) {
    const step = stepFor(each);
    if (typeof step === "string") kept.push(step);
    else steps.push(step);
  }
  if (units.length > 0)
    steps.push({
      text: "have systemd read its units again",
      take() {
        machine.run("systemctl", "daemon-reload");
        machine.succeeds("systemctl", "reset-failed", ...units.map(({ name }) => name));
        return undefined;
      },
    });
  return { steps, kept };

  function stepFor(each: Made): Step | string {
    const gone = { gone: each };
    const step = (text: string, work: () => void): Step => ({
      text,
      take() {
        work();
        return gone;
      },
    });
    switch (each.kind) {
      case "unit":
        return step(`disable ${each.name}`, () => void machine.succeeds("systemctl", "--quiet", "disable", each.name));
      case "program":
        return step(`remove ${each.path}`, () => {
          for (const path of [each.path, `${each.path}.previous`]) rmSync(machine.at(path), { force: true });
        });
      case "file": {
        const { path } = each;
        if (machine.has(path) && sha256OfFile(machine.at(path)) !== each.sha256)
          return step(`leave ${path}: it was changed since`, () => {});
        return step(`remove ${path}`, () => rmSync(machine.at(path), { force: true }));
      }
      case "setting":
        return step(`set ${each.path} to ${each.before.replace(/\s+/g, " ")} again`, () =>
          writeFileSync(machine.at(each.path), each.before),
        );
      case "folder":
        if (each.path !== DATA_FOLDER) return folderStep(each.path, step);
        if (keepsData) return `${DATA_FOLDER}, the data: --purge removes it`;
        return step(`remove ${DATA_FOLDER} with all that is in it`, () =>
          rmSync(machine.at(DATA_FOLDER), { recursive: true, force: true }),
        );
      case "user":
        if (keepsData) return `user ${each.name}, whose data it is`;
        return step(`remove the user and group ${each.name}`, () => void machine.run("userdel", SERVICE));
    }
  }

  /** Whether it is empty is seen when the files in it are gone. */
  function folderStep(path: string, step: (text: string, work: () => void) => Step): Step {
    return step(`remove the folder ${path}, if nothing else is in it`, () => {
      if (machine.has(path) && !hasFiles(path, machine)) rmdirSync(machine.at(path));
    });
  }
}

function hasFiles(folder: string, machine: Machine): boolean {
  return machine.has(folder) && readdirSync(machine.at(folder)).length > 0;
}
