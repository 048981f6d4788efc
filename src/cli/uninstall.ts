import { Command } from "commander";
import { MANIFEST, Machine, planUninstall, readManifest, takeSteps } from "../systemd/mod.ts";
import { confirmed, printPlan } from "./confirm.ts";
import { EXIT } from "./failure.ts";
import { requireSystemd } from "./install.ts";
import { examples } from "./options.ts";
import { print } from "./output.ts";

interface UninstallOptions {
  readonly purge?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function uninstallCommand(exit: (code: number) => void): Command {
  return new Command("uninstall")
    .description("Take back what tenk install made. Files that were changed since stay, and so do the data.")
    .option("--purge", "remove the data too: history, certificates, the keys of the local CA")
    .option("--dry-run", "print what would be done, and do nothing")
    .option("--yes", "do not ask")
    .addHelpText(
      "after",
      examples("tenk uninstall --dry-run", "sudo tenk uninstall", "sudo tenk uninstall --purge --yes"),
    )
    .action(async (options: UninstallOptions) => exit(await uninstall(options)));
}

async function uninstall({ purge = false, dryRun = false, yes = false }: UninstallOptions): Promise<number> {
  const machine = new Machine();
  requireSystemd(machine, dryRun ? undefined : "uninstall");
  const made = readManifest(machine);
  if (made.length === 0) {
    print(`tenk install has made nothing here: there is no ${MANIFEST}`);
    return EXIT.pass;
  }
  const plan = planUninstall(machine, made, { purges: purge });
  printPlan("tenk uninstall", plan);
  if (dryRun) return EXIT.pass;
  if (!yes && !(await confirmed())) return EXIT.stopped;
  takeSteps(plan.steps, machine);
  print("done");
  return EXIT.pass;
}
