import { describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../net/support.ts";
import { startTenk, type Tenk, tenk, withFolder } from "./tenk.ts";

/** A handler that says, by a file, that it is being loaded; and then waits for another one. */
const WAITS = `import { existsSync, writeFileSync } from "node:fs";
writeFileSync(import.meta.dir + "/loading", "");
while (!existsSync(import.meta.dir + "/go")) await new Promise((resolve) => setTimeout(resolve, 10));
export default { chunk() {} };
`;

/** Fails outside of its own loading, while it is loaded. */
const FAILS = `setTimeout(() => { throw new Error("lost while it loads"); }, 0);
await new Promise((resolve) => setTimeout(resolve, 300));
export default {};
`;

async function withStarting(work: (program: Tenk, folder: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    writeFileSync(join(folder, "waits.ts"), WAITS);
    writeFileSync(join(folder, "tenk.yaml"), config("1h"));
    const program = startTenk(["up", "--json"], { cwd: folder });
    try {
      await until(() => existsSync(join(folder, "loading")), 20_000);
      await work(program, folder);
    } finally {
      program.child.kill("SIGKILL");
      await program.ended;
    }
  });
}

const config = (idle: string) => `tcp: { a: { listen: "127.0.0.1:0", handler: ./waits.ts, limits: { idle: ${idle} } } }
dashboard: { listen: "127.0.0.1:0" }
`;

describe("an instance that is not up yet", () => {
  test("stops when it is asked to, though a handler's file never finishes loading", async () => {
    await withStarting(async ({ child, ended }) => {
      child.kill("SIGTERM");
      const { code, stdout, stderr } = await ended;
      expect(stderr).toContain("WARN  cli stopped before it was up\n");
      expect([code, stdout]).toEqual([0, ""]);
    });
  });

  test("reads its configuration again, where it was asked to, as soon as it is up", async () => {
    await withStarting(async ({ child, sees }, folder) => {
      writeFileSync(join(folder, "tenk.yaml"), config("2h"));
      child.kill("SIGHUP");
      // A signal takes its time: one that came too late would be a reload of the ordinary kind, and pass as well.
      writeFileSync(join(folder, "go"), "");
      await sees("stderr", /listener changed name=a changed=limits/);
    });
  });

  test.each([1, 2])(
    "ends with 1 and the reason where a handler fails while it loads, on %d event loops",
    async (workers) => {
      await withFolder(async (folder) => {
        writeFileSync(join(folder, "fails.ts"), FAILS);
        const listener = `{ listen: "127.0.0.1:0", handler: ./fails.ts, workers: ${workers} }`;
        writeFileSync(join(folder, "tenk.yaml"), `tcp: { a: ${listener} }\ndashboard: { listen: "127.0.0.1:0" }\n`);
        const { code, stderr } = await tenk(["up"], { cwd: folder });
        expect([code, stderr]).toEqual([1, expect.stringContaining("lost while it loads")]);
        expect(stderr).not.toContain("restarting");
      });
    },
  );
});
