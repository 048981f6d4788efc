import { Command } from "commander";
import { discover, servicesText } from "../probe/mod.ts";
import { EXIT } from "./failure.ts";
import { examples } from "./options.ts";
import { print } from "./output.ts";

export function discoverCommand(exit: (code: number) => void): Command {
  return new Command("discover")
    .description("Find what runs on this machine, and print it as services for tenk.yaml.")
    .option("--json", "print as JSON")
    .addHelpText(
      "after",
      `\nIt reads which programs listen on TCP ports; only root can see the programs of others. A port whose program is not known is\ngreeted, which some servers log.\n${examples("sudo tenk discover", "sudo tenk discover >> tenk.yaml", "tenk discover --json")}`,
    )
    .action(async ({ json }: { json?: boolean }) => {
      const found = await discover();
      print(json ? JSON.stringify(found, null, 2) : servicesText(found).trimEnd());
      exit(EXIT.pass);
    });
}
