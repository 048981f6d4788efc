import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { until } from "../net/support.ts";

const SUPPORT = fileURLToPath(new URL("./tenk.ts", import.meta.url));
const WORDS = ["up", "--json", "--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0"];
const TEST = `
  import { dataHome, startTenk } from ${JSON.stringify(SUPPORT)};
  const { child, sees } = startTenk(${JSON.stringify(WORDS)});
  const { listeners } = JSON.parse((await sees("stdout", /^{.*}$/m))[0]);
  console.log(JSON.stringify({ pid: child.pid, folder: dataHome(), port: listeners[0].port }));`;

test.skipIf(process.env.CI !== "true" && !existsSync("/usr/bin/setpriv"))(
  "a program under test is ended with the tests, also where they are killed, and without an environment",
  async () => {
    const tests = spawn(process.execPath, ["-e", TEST], { stdio: ["ignore", "pipe", "inherit"], env: {} });
    let said = "";
    tests.stdout.setEncoding("utf8").on("data", (part: string) => {
      said += part;
    });
    await until(() => said.includes("\n"), 20_000);
    const { pid, folder, port } = JSON.parse(said) as { pid: number; folder: string; port: number };
    try {
      expect(await isOpen(port)).toBe(true);
      tests.kill("SIGKILL");
      let isThere = true;
      await until(() => {
        void isOpen(port).then((open) => {
          isThere = open;
        });
        return !isThere;
      }, 10_000);
    } finally {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It is gone, as it should be.
      }
      rmSync(folder, { recursive: true, force: true });
    }
  },
  40_000,
);

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    }).on("error", () => resolve(false));
  });
}
