/** The Bun behind `load` under Node (`node-library.mjs`): reads one request from its input, and writes what comes of it as lines of JSON. */
import { createInterface } from "node:readline";
import { load, type TenkError } from "../src/mod.ts";
import { decode, encode } from "./node-values.mjs";

const stop = new AbortController();
const lines = createInterface({ input: process.stdin });
lines.on("close", () => process.exit());
lines.once("line", async (request) => {
  lines.on("line", () => stop.abort());
  process.stdout.write(`${encode(await run(request))}\n`, () => process.exit());
});

async function run(request: string): Promise<object> {
  try {
    const { protocol, options, wantsSnapshots } = decode(request);
    const onSnapshot = wantsSnapshots
      ? (snapshot: object) => process.stdout.write(`${encode({ snapshot })}\n`)
      : undefined;
    return { report: await load[protocol as keyof typeof load]({ ...options, onSnapshot, signal: stop.signal }) };
  } catch (error) {
    const { code = "unsupported", message, hint } = error as TenkError;
    return { error: { code, message, hint } };
  }
}
