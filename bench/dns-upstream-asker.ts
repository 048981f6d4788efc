/** Asks an upstream by tenk's own client: `bun dns-upstream-asker.ts ADDRESS CERTIFICATE IN_FLIGHT`, then a line with seconds for each stretch. */
import { createInterface } from "node:readline";
import { Upstream } from "../src/dns/upstream/mod.ts";
import { parseName } from "../src/wire/dns/mod.ts";
import type { UpstreamStretch } from "./dns-upstream.ts";

const [address = "", ca = "", inFlight = ""] = process.argv.slice(2);
const upstream = new Upstream({ address, ca, timeoutMs: 30_000 });
const questions = Array.from({ length: 1000 }, (_, index) => ({
  name: parseName(`host-${index}.some-domain.example`)!,
  ...{ type: 1, wantsDnssec: false, checkingDisabled: false },
}));

function stretch(seconds: number): Promise<UpstreamStretch> {
  const before = process.cpuUsage();
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;
  let [sent, answered, failed] = [0, 0, 0];
  return new Promise((resolve) => {
    const next = () => {
      upstream.ask(questions[sent++ % questions.length]!, (_, failure) => {
        if (failure === undefined) answered += 1;
        else failed += 1;
        if (performance.now() < endMs) next();
        else if (answered + failed === sent) {
          const { user, system } = process.cpuUsage(before);
          resolve({ answered, failed, cpuUs: user + system, tookMs: performance.now() - startMs });
        }
      });
    };
    for (let count = 0; count < Number(inFlight); count++) next();
  });
}

console.log("ready");
for await (const line of createInterface(process.stdin)) console.log(JSON.stringify(await stretch(Number(line))));
process.exit();
