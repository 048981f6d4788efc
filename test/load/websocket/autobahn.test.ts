/**
 * Autobahn's test suite against the connections of `tenk load ws`. It is a program for Python 2.7, so that only a run that names it has
 * this test: `python2.7 -m pip install autobahntestsuite==25.10.1`, then `TENK_AUTOBAHN=$(which wstest) bun test FILE`. Takes a minute.
 */
import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../net/support.ts";

const wstest = process.env.TENK_AUTOBAHN;
/** Cases of compression, which is not offered. */
const COMPRESSION = /^1[23]\./;

type Results = Readonly<Record<string, { readonly behavior: string; readonly behaviorClose: string }>>;

if (wstest !== undefined) {
  test("every case of Autobahn's test suite passes, but those of compression", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tenk-autobahn-"));
    const port = await freePort();
    const url = `ws://127.0.0.1:${port}`;
    const settings = join(folder, "settings.json");
    writeFileSync(settings, JSON.stringify({ url, outdir: folder, cases: ["*"], "exclude-cases": [] }));
    const suite = spawn(wstest, ["-m", "fuzzingserver", "-s", settings, "--webport", "0"], { stdio: "ignore" });
    try {
      await listening(port);
      const agent = spawn(process.execPath, [join(import.meta.dirname, "autobahn-agent.ts"), url, "tenk"]);
      const [code] = await once(agent, "exit");
      const results = JSON.parse(readFileSync(join(folder, "index.json"), "utf8")).tenk as Results;
      const spoken = Object.entries(results).filter(([name]) => !COMPRESSION.test(name));
      const wrong = spoken.filter(([, { behavior, behaviorClose }]) => !isRight(behavior) || !isRight(behaviorClose));
      expect([code, wrong]).toEqual([0, []]);
      expect(spoken.length).toBeGreaterThan(300);
      console.log(`${spoken.length} cases passed, ${Object.keys(results).length - spoken.length} are of compression`);
    } finally {
      suite.kill();
      rmSync(folder, { recursive: true });
    }
  }, 600_000);
}

function isRight(behavior: string): boolean {
  return behavior === "OK" || behavior === "INFORMATIONAL";
}

async function listening(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await Promise.race([
      once(socket, "connect").then(() => true),
      once(socket, "close").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
