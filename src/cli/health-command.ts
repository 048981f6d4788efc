import { Command } from "commander";
import { health } from "../health/mod.ts";
import { examples } from "./options.ts";

/** For the help; `main.ts` runs the check before anything else is loaded. */
export function healthCommand(exit: (code: number) => void): Command {
  return new Command("health")
    .description(
      "Ask an instance whether it is well, for the health check of a container: exit code 0 or 1. Takes 4 MB of memory.",
    )
    .argument(
      "[url]",
      "of /healthz or /readyz (default: the dashboard's usual port on this machine, or that of TENK_DASHBOARD_LISTEN)",
    )
    .addHelpText("after", examples("tenk health", "tenk health http://127.0.0.1:9191/readyz"))
    .action(async (url: string | undefined) => exit(await health(url === undefined ? [] : [url])));
}
