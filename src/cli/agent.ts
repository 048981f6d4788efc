import { hostname } from "node:os";
import { Command } from "commander";
import { parseAddress } from "../app/mod.ts";
import { TenkError } from "../base/mod.ts";
import { AGENTS_PORT, runAgent } from "../load/mod.ts";
import { EXIT } from "./failure.ts";
import { AGENT_VERSION, givenKey } from "./load-agents.ts";
import { positive, seconds } from "./load-values.ts";
import { startLogging } from "./logging.ts";
import { examples, valueOption } from "./options.ts";
import { stopper } from "./stopper.ts";

interface AgentWords {
  readonly keyFile?: string;
  readonly name?: string;
  readonly forever?: boolean;
  readonly wait?: number;
  readonly v?: boolean;
}

export function agentCommand(exit: (code: number) => void): Command {
  return new Command("agent")
    .description("Take a share of a load test that another machine controls: tenk load … --agents N there.")
    .argument("<controller>", `HOST[:PORT] of the controller; the port is ${AGENTS_PORT}`)
    .addOption(valueOption("--key-file <file>", "has the controller's key; else TENK_AGENT_KEY", String))
    .addOption(
      valueOption("--name <name>", "in the report; by default the host's, with the index of a Kubernetes Job", String),
    )
    .option("--forever", "serve one load test after the other")
    .addOption(valueOption("--wait <time>", "give up when no controller takes it for so long", positive(seconds)))
    .option("-v", "log everything")
    .addHelpText(
      "after",
      examples(
        "TENK_AGENT_KEY=… tenk agent 192.168.1.20",
        "tenk agent controller.home.arpa:9292 --key-file agents.key --name pi-4",
        "tenk agent controller.home.arpa --key-file agents.key --forever",
      ),
    )
    .addHelpText("after", "\nExit codes: 0 its share is done, 1 no controller or lost it, 2 refused, 130 stopped.\n")
    .action(async (controller: string, words: AgentWords) => {
      await startLogging(words.v ? "debug" : "info");
      const { host, port } = controllerOf(controller);
      const key = givenKey(words.keyFile, process.env);
      if (key === undefined)
        throw new TenkError("usage", "An agent needs the key that tenk load --agents prints", {
          hint: "TENK_AGENT_KEY=KEY tenk agent …, or --key-file",
        });
      using stop = stopper("leaving");
      await runAgent({
        host,
        port,
        key,
        version: AGENT_VERSION,
        name: words.name ?? agentName(hostname(), process.env),
        signal: stop.signal,
        ...(words.forever ? { forever: true } : {}),
        ...(words.wait === undefined ? {} : { waitMs: words.wait }),
      });
      exit(stop.signal.aborted ? EXIT.stopped : EXIT.pass);
    });
}

/**
 * Reads where the controller is.
 *
 * @throws {TenkError} `usage`
 * @example
 * controllerOf("192.0.2.1"); // { host: "192.0.2.1", port: 9292 }
 */
export function controllerOf(text: string): { host: string; port: number } {
  const isBare6 = !text.startsWith("[") && text.split(":").length > 2;
  const whole = isBare6 ? `[${text}]:${AGENTS_PORT}` : /:\d+$/.test(text) ? text : `${text}:${AGENTS_PORT}`;
  const address = text.startsWith("unix:") ? undefined : parseAddress(whole, "127.0.0.1");
  if (address === undefined || "path" in address)
    throw new TenkError("usage", `Cannot dial in at "${text}": expected HOST[:PORT]`);
  return address;
}

/**
 * Returns the host's name and, of a pod of an indexed Job, its index where the name lacks it, as with the host's network.
 *
 * @example
 * agentName("node-7", { JOB_COMPLETION_INDEX: "2" }); // "node-7-2"
 */
export function agentName(host: string, { JOB_COMPLETION_INDEX: index }: NodeJS.ProcessEnv): string {
  return index === undefined || index === "" || new RegExp(`-${index}(-|$)`).test(host) ? host : `${host}-${index}`;
}
