/** An agent, as a program: its options are the environment's `AGENT`. */
import { messageOf } from "../../../src/base/mod.ts";
import { type AgentOptions, runAgent } from "../../../src/load/mod.ts";

const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
try {
  await runAgent({ ...(JSON.parse(process.env.AGENT ?? "") as AgentOptions), signal: stop.signal });
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}
