import { afterAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode, encode } from "../../scripts/node-values.mjs";

const ROOT = join(import.meta.dirname, "../..");
/** The last one for Node 20. */
const VITEST = "4.1.12";
const TIMEOUT_MS = 120_000;

const folder = mkdtempSync(join(tmpdir(), "tenk-node-"));
mkdirSync(join(folder, "node_modules"));
symlinkSync(ROOT, join(folder, "node_modules", "tenk"));
writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A user's test, with an `equal` of any runner. */
const BODY = `
import { createServer } from "node:http";
import { listen, load, TenkError } from "tenk";

test("load.http", async () => {
  const server = createServer((request, response) => request.pipe(response));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = "http://127.0.0.1:" + server.address().port + "/";
  const snapshots = [];
  const onSnapshot = (snapshot) => snapshots.push(snapshot.phase);
  const body = new TextEncoder().encode("hello");
  const report = await load.http({ url, connections: 2, requests: 6, body, expectBody: "hello", onSnapshot });
  equal(report.passed, true);
  equal(report.protocol.status[200], 6);
  equal(report.plan.connectRate, Infinity);
  equal(snapshots.at(-1), "done");
  const stop = new AbortController();
  const stopped = load.http({ url, durationMs: Infinity, onSnapshot: () => stop.abort(), signal: stop.signal });
  equal((await stopped).endedBy, "stopped");
  server.close();
});

test("what is wrong is thrown", async () => {
  const error = await load.tcp({ port: 9, totalRate: 0, message: "ping" }).catch((thrown) => thrown);
  equal([error instanceof TenkError, error.code].join(), "true,usage");
  let message = "";
  try { listen({ port: 0 }, {}); } catch (thrown) { message = thrown.message; }
  equal(/^tenk's library runs on Bun: .*bun test/.test(message), true);
});
`;

function ran(name: string, head: string, command: string, words: readonly string[]): void {
  writeFileSync(join(folder, name), head + BODY);
  const { status, stdout, stderr } = spawnSync(command, [...words, name], { cwd: folder, encoding: "utf8" });
  expect([status, status === 0 ? "" : stdout + stderr]).toEqual([0, ""]);
}

describe("the library under Node", () => {
  test("has every name that it has under Bun", async () => {
    const [bun, node] = await Promise.all([import("../../src/mod.ts"), import("../../scripts/node-library.mjs")]);
    expect(Object.keys(node).sort()).toEqual(Object.keys(bun).sort());
    expect(Object.keys(node.load).sort()).toEqual(Object.keys(bun.load).sort());
  });

  test("passes on bytes and numbers without end", () => {
    const value = { a: new Uint8Array([0, 255]), b: [Number.POSITIVE_INFINITY, 1], c: { d: "x" } };
    expect(decode(encode({ ...value, a: Buffer.from(value.a) }))).toEqual(value);
  });

  test(
    "runs load tests by node --test, and says of all else that it needs Bun",
    () => {
      const head = 'import { test } from "node:test";\nimport { equal } from "node:assert/strict";\n';
      ran("node.test.mjs", head, "node", ["--test"]);
    },
    TIMEOUT_MS,
  );

  describe.if(hasVitest())("by vitest", () => {
    test(
      "runs load tests, and says of all else that it needs Bun",
      () => {
        const head = 'import { expect, test } from "vitest";\nconst equal = (a, b) => expect(a).toBe(b);\n';
        ran("vitest.test.mjs", head, "node", [
          join(vitestFolder(), "node_modules/vitest/vitest.mjs"),
          "run",
          `--testTimeout=${TIMEOUT_MS}`,
        ]);
      },
      TIMEOUT_MS,
    );
  });
});

function vitestFolder(): string {
  return join(tmpdir(), `tenk-vitest-${VITEST}`);
}

/** Whether there is vitest, which is fetched once on a machine; where it is not, one test that says so, and that fails in CI. */
function hasVitest(): boolean {
  const at = vitestFolder();
  if (!existsSync(join(at, "node_modules/.package-lock.json"))) {
    mkdirSync(at, { recursive: true });
    writeFileSync(join(at, "package.json"), "{}");
    const words = ["install", "--no-audit", "--no-fund", "--ignore-scripts", `vitest@${VITEST}`];
    spawnSync("npm", words, { cwd: at });
  }
  if (existsSync(join(at, "node_modules/vitest/vitest.mjs"))) return true;
  test.skipIf(process.env.CI !== "true")("by vitest: needs the package vitest from npm", () => {
    throw new Error("This check needs the package vitest, and must not be left out in CI");
  });
  return false;
}
