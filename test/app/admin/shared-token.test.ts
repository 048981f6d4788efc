import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readTokenOf } from "../../../src/app/admin/mod.ts";
import { sharedToken } from "../../../src/app/admin/shared-token.ts";
import { loadConfig } from "../../../src/app/mod.ts";
import { TOKEN, worldOf } from "./support.ts";

const SHARED = "0123456789abcdef0123456789abcdef";
const folder = mkdtempSync(join(tmpdir(), "tenk-shared-token-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function tokenOf(dashboard: string): string | undefined {
  const file = join(folder, "tenk.yaml");
  writeFileSync(file, `dashboard: ${dashboard}\n`);
  return sharedToken(loadConfig(file));
}

test("a token of the configuration is itself or in a file", () => {
  writeFileSync(join(folder, "token"), `${SHARED}\n`, { mode: 0o600 });
  expect(tokenOf(`{ token: ${SHARED} }`)).toBe(SHARED);
  expect(tokenOf("{ tokenFile: token }")).toBe(SHARED);
  expect(tokenOf("{}")).toBeUndefined();
});

test.each([
  ["{ token: short }", "expected 20 characters or more"],
  ['{ token: "twenty characters with spaces" }', "without spaces"],
  ["{ tokenFile: nowhere }", "dashboard.token"],
  [`{ token: ${SHARED}, tokenFile: token }`, "expected one of token"],
])("%s is refused, and not repeated", (dashboard, why) => {
  expect(() => tokenOf(dashboard)).toThrow(why);
  expect(() => tokenOf(dashboard)).not.toThrow("twenty characters with");
});

test("a shared token opens what the folder's own opens, and its read-only one what that reads", async () => {
  const { ask, access } = worldOf({ sharedToken: SHARED });
  const statusOf = async (token: string) =>
    (await ask("/metrics", { headers: { authorization: `Bearer ${token}` } })).status;
  for (const token of [TOKEN, SHARED, readTokenOf(SHARED)]) expect(await statusOf(token)).toBe(200);
  expect(await statusOf(`${SHARED}0`)).toBe(401);
  expect(access.loginWithToken(access.client("192.0.2.9", new Headers()), SHARED)).toHaveProperty("session");
  // Another token ends the sessions that began with this one.
  expect(access.configure({ token: TOKEN, sharedToken: `${SHARED}1` })).toBe(true);
  expect(await statusOf(SHARED)).toBe(401);
});
