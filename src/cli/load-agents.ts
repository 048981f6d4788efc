import { networkInterfaces } from "node:os";
import type { Command } from "commander";
import { COMMIT, VERSION } from "../app/mod.ts";
import { logOf, parseCount, TenkError } from "../base/mod.ts";
import { AGENTS_PORT, AgentPool, checkedKey, type LoadPlan, newKey } from "../load/mod.ts";
import { type Address, formatAddress, isLoopback, isWildcard, parseAddress } from "../part/mod.ts";
import { quoted } from "./command-line.ts";
import { contentOf, positive, seconds } from "./load-values.ts";
import { valueOption } from "./options.ts";
import { stderr } from "./terminal.ts";

const log = logOf("load");

/** The variable of the environment that holds the key of a load test: on a command line every user of the machine would see it. */
const KEY_VARIABLE = "TENK_AGENT_KEY";

/** The options of a load test that other machines run. */
export interface AgentsWords {
  readonly agents?: number;
  readonly agentsListen?: Address;
  readonly agentsKeyFile?: string;
  readonly agentsTimeout?: number;
  readonly agentsSilent?: number;
}

export function addAgentsOptions(command: Command): Command {
  return command
    .addOption(
      valueOption(
        "--agents <n>",
        "wait for so many of tenk agent, which share the load (docs/load-agents.md)",
        agentCount,
      ),
    )
    .addOption(
      valueOption("--agents-listen <address>", `where they dial in, by default 0.0.0.0:${AGENTS_PORT}`, (text) =>
        parseAddress(text, "0.0.0.0"),
      ),
    )
    .addOption(valueOption("--agents-key-file <file>", `has their key; else ${KEY_VARIABLE}, or a new one`, String))
    .addOption(valueOption("--agents-timeout <time>", "how long all are waited for, 5m by default", positive(seconds)))
    .addOption(
      valueOption("--agents-silent <time>", "a silent agent is lost after, 10s by default", positive(seconds)),
    );
}

function agentCount(text: string): number {
  const agents = parseCount(text);
  if (Number.isInteger(agents) && agents >= 1 && agents <= MOST_AGENTS) return agents;
  throw new TenkError("usage", `Cannot use "${text}": expected a number from 1 to ${MOST_AGENTS}`);
}

const MOST_AGENTS = 1000;

/** This tenk, as agents and controllers tell each other. */
export const AGENT_VERSION = `${VERSION} (${COMMIT})`;

/**
 * Returns the key of a file, or of the environment.
 *
 * @returns undefined where there is neither
 * @throws {TenkError} `file-unreadable`, `usage`
 */
export function givenKey(file: string | undefined, { [KEY_VARIABLE]: key }: NodeJS.ProcessEnv): string | undefined {
  if (file !== undefined) return checkedKey(Buffer.from(contentOf(file)).toString(), file);
  return key === undefined || key === "" ? undefined : checkedKey(key, KEY_VARIABLE);
}

/**
 * Opens the port for agents, says how they dial in, and waits for them.
 *
 * @param signal ends the wait
 * @returns undefined where none are wanted
 * @throws {TenkError}
 */
export async function openAgents(
  words: AgentsWords,
  plan: LoadPlan,
  signal: AbortSignal,
): Promise<AgentPool | undefined> {
  const { agents: wanted, agentsTimeout, agentsSilent, agentsKeyFile: file } = words;
  if (wanted === undefined) return refuseOthers(words);
  const { agentsListen = { host: "0.0.0.0", port: AGENTS_PORT } } = words;
  if ("path" in agentsListen)
    throw new TenkError("usage", "--agents-listen: agents dial in over TCP: expected [HOST:]PORT");
  const given = givenKey(file, process.env);
  const key = given ?? newKey();
  const { host, port } = agentsListen;
  const pool = await AgentPool.open({
    wanted,
    key,
    host,
    port,
    version: AGENT_VERSION,
    certificate: await newCertificate(),
    onChange: (names) => log.info("agents", { here: names.length, wanted, names: names.join(", ") }),
    ...(agentsTimeout === undefined ? {} : { timeoutMs: agentsTimeout }),
    ...(agentsSilent === undefined ? {} : { silentMs: agentsSilent }),
  });
  try {
    const at = formatAddress({ host: shownHost(host), port: pool.port });
    stderr.line(`Waiting for ${wanted} agents. On each machine: ${agentCommand(at, given === undefined ? key : file)}`);
    if (given !== undefined) stderr.line(`with the key of ${file ?? KEY_VARIABLE}.`);
    if (plan.path !== undefined || isLoopback(plan.host))
      log.warn("each agent connects to its own machine", { target: plan.target, fix: "a target that all reach" });
    await pool.arrived(signal);
    return pool;
  } catch (error) {
    await pool.close();
    throw error;
  }
}

function refuseOthers(words: AgentsWords): undefined {
  const { agentsListen, agentsKeyFile, agentsTimeout, agentsSilent } = words;
  if ([agentsListen, agentsKeyFile, agentsTimeout, agentsSilent].some((given) => given !== undefined))
    throw new TenkError("usage", "Options --agents-… need --agents N");
}

/** Loaded when it is needed: most load tests have no agents. Its dates do not matter: the key says whose it is. */
async function newCertificate() {
  const { signItself } = await import("../certificates/mod.ts");
  return signItself("tenk load", { notBeforeMs: 0, notAfterMs: Date.UTC(2049, 0) });
}

/** @param key a new one, or the file of one that is known */
function agentCommand(at: string, key: string | undefined): string {
  if (key === undefined) return `tenk agent ${at}`;
  return /[/.]/.test(key) ? `tenk agent ${at} --key-file ${quoted(key)}` : `${KEY_VARIABLE}=${key} tenk agent ${at}`;
}

/** An address that others reach, where it listens on all. */
function shownHost(host: string): string {
  if (!isWildcard(host)) return host;
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return all.find(({ internal, family }) => !internal && family === "IPv4")?.address ?? "127.0.0.1";
}
