import { messageOf, TenkError } from "../src/base/mod.ts";
import { DNS } from "./dns.ts";
import { DNS_UPSTREAM } from "./dns-upstream.ts";
import { HTTP } from "./http.ts";
import { LATENCY } from "./latency.ts";
import { LINES } from "./lines.ts";
import { LOAD } from "./load.ts";
import { LOAD_HTTP } from "./load-http.ts";
import { BENCH_NAMES, type BenchName, type BenchOptions, HELP, parseOptions, swallowedByNpm } from "./options.ts";
import { type Bench, publish } from "./page.ts";
import { PUBLISH } from "./publish.ts";
import { RELAY } from "./relay.ts";
import { TCP } from "./tcp.ts";
import { TLS } from "./tls.ts";
import { WATCH } from "./watch.ts";

const BENCHES: Readonly<Record<BenchName, Bench>> = {
  ...{
    tcp: TCP,
    load: LOAD,
    "load-http": LOAD_HTTP,
    latency: LATENCY,
    tls: TLS,
    relay: RELAY,
    http: HTTP,
    publish: PUBLISH,
    lines: LINES,
    watch: WATCH,
    dns: DNS,
    "dns-upstream": DNS_UPSTREAM,
  },
};

/** Returns false, after logging why, when the benchmark cannot run; the others still do. */
async function bench(options: BenchOptions): Promise<boolean> {
  const { prepare, measure } = BENCHES[options.bench];
  const reason = prepare();
  if (reason !== undefined) console.error(`bench: cannot build what "${options.bench}" needs: ${reason}`);
  else publish(await measure(options, console.error), options);
  return reason === undefined;
}

try {
  const swallowed = swallowedByNpm(process.env);
  if (swallowed !== undefined) {
    throw new TenkError("usage", `npm took ${swallowed} for itself`, { hint: "npm run bench tcp -- --quick" });
  }
  const names = Object.fromEntries(BENCH_NAMES.map((name) => [name, BENCHES[name].peers.map((peer) => peer.name)]));
  const all = parseOptions(process.argv.slice(2), names as Record<BenchName, string[]>);
  if (all === undefined) console.log(HELP);
  for (const options of all ?? []) {
    if (all!.length > 1) console.log(`\n## ${options.bench}\n`);
    if (!(await bench(options))) process.exitCode = 1;
  }
} catch (error) {
  console.error(`bench: ${messageOf(error)}${error instanceof TenkError && error.hint ? `\n  ${error.hint}` : ""}`);
  process.exitCode = error instanceof TenkError ? 2 : 1;
}
