/**
 * Speaks mDNS in the network namespace that it is started in, for `avahi.test.ts`. Argument: what is published, as JSON; each line of the
 * standard input is another one, or `?` and an address whose name is asked for, and its end is a stop. Prints its log, and `ready`, one JSON object a line.
 */
import { createInterface } from "node:readline";
import type { LogFields } from "../../../src/base/mod.ts";
import { Mdns } from "../../../src/dns/mdns/mod.ts";

const say = (message: string, fields: LogFields = {}) => console.log(JSON.stringify({ message, ...fields }));
const log = { debug: say, info: say, warn: say, error: say };
let published = JSON.parse(process.argv[2]!);
const mdns = await Mdns.start({ published: () => published, log, lookMs: 100 });
say("ready");
for await (const line of createInterface({ input: process.stdin })) {
  if (line.startsWith("?")) {
    say("named", { name: mdns.nameOf(line.slice(1)) });
    continue;
  }
  published = JSON.parse(line);
  await mdns.look();
  say("published");
}
await mdns.stop();
say("stopped");
