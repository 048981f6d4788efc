import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect as dialTls } from "node:tls";
import { freePort } from "../net/support.ts";
import { greeter, greetings, portOf, withInstance } from "./reload-support.ts";

function commonName(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = dialTls({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

/** Fails in the first event loop that runs it, and in none after that. */
const FAILS_ONCE = `import { openSync } from "node:fs";
let isFirst = true;
try { openSync(import.meta.dir + "/claim", "wx"); } catch { isFirst = false; }
if (isFirst) throw new Error("not on this loop");`;

describe("a reload whose last listener cannot change on one of its event loops", () => {
  test("changes no listener, starts none and stops none; the second try does all", async () => {
    const files = { "old.ts": greeter("old"), "new.ts": greeter("new"), "fails.ts": greeter("new", FAILS_ONCE) };
    const [extra, gone] = [await freePort(), await freePort()];
    const config = (handler: string, last: string, certificate: string, target: number, rest: string) => `tcp:
  a: { listen: "127.0.0.1:0", handler: ./${handler}.ts, workers: 2 }
  r: { listen: "127.0.0.1:0", handler: relay, workers: 2, relay: { targets: ["127.0.0.1:${target}"] } }
  t: { listen: "127.0.0.1:0", handler: echo, tls: { cert: ${certificate}-cert.pem, key: ${certificate}-key.pem } }
  z: { listen: "127.0.0.1:0", handler: ./${last}.ts, workers: 2 }
${rest}`;
    const target = (name: string, port: number) => `  ${name}: { listen: "127.0.0.1:${port}", handler: ./old.ts }\n`;
    await withInstance(files, config("old", "old", "one", gone, target("gone", gone)), async (instance, reload) => {
      const state = async () => [
        await greetings(portOf(instance, "a")),
        await greetings(portOf(instance, "r")),
        await commonName(portOf(instance, "t")),
        await greetings(portOf(instance, "z")),
        await greetings(gone),
        await greetings(extra),
      ];
      const before = [["old"], ["old"], "first.test", ["old"], ["old"], ["ECONNREFUSED"]];
      expect(await state()).toEqual(before);
      const wanted = config("new", "fails", "two", extra, target("extra", extra));
      const why = await reload(wanted);
      expect(why).toMatch(/^Cannot load .*fails\.ts: not on this loop\n.*fails\.ts:4:\d+\n/);
      expect(await state()).toEqual(before);
      expect(await reload(wanted)).toBe("reloaded");
      expect(await state()).toEqual([["new"], ["old"], "second.test", ["new"], ["ECONNREFUSED"], ["old"]]);
    });
  });
});

test("a stop in the middle of a reload leaves nothing that listens", async () => {
  const [old, fresh] = [await freePort(), await freePort()];
  const slow = `import { existsSync } from "node:fs";
while (!existsSync(import.meta.dir + "/go")) await new Promise((resolve) => setTimeout(resolve, 5));`;
  const files = { "old.ts": greeter("old"), "slow.ts": greeter("slow", slow) };
  const config = (handler: string, rest = "") =>
    `tcp:\n  a: { listen: "127.0.0.1:${old}", handler: ./${handler}.ts, workers: 2 }\n${rest}`;
  await withInstance(files, config("old"), async (instance, reload, folder) => {
    const reloaded = reload(config("slow", `  b: { listen: "127.0.0.1:${fresh}", handler: ./old.ts }\n`));
    while ((await greetings(fresh))[0] !== "old");
    const stopped = instance.stop(0);
    writeFileSync(join(folder, "go"), "");
    await stopped;
    expect(await reloaded).toBe("Cannot reload: it is stopping");
    expect([await greetings(old), await greetings(fresh)]).toEqual([["ECONNREFUSED"], ["ECONNREFUSED"]]);
  });
});
