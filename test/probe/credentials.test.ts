import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Service } from "../../src/part/mod.ts";
import { authorizationOf, readCredentials } from "../../src/probe/credentials.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tenk-secret-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  delete process.env.TENK_TEST_PASSWORD;
});

function service(probe: Service["probe"], target = "redis://10.0.0.7"): Service {
  return { name: "cache", target, kind: "redis", hosts: [], dns: true, probe, http: undefined };
}

function fileWith(text: string, mode = 0o600): string {
  writeFileSync(join(folder, "pw"), text);
  chmodSync(join(folder, "pw"), mode);
  return "pw";
}

describe("credentials come from", () => {
  test.each<[string, Service["probe"], object]>([
    ["redis://10.0.0.7", {}, {}],
    ["redis://:s%40t@10.0.0.7", {}, { password: "s@t" }],
    ["mqtt://me:secret@10.0.0.7", {}, { user: "me", password: "secret" }],
    ["mqtt://me:secret@10.0.0.7", { user: "you" }, { user: "you", password: "secret" }],
    ["unix:/run/a.sock", {}, {}],
    ["redis://10.0.0.7", { user: "me", passwordEnv: "TENK_TEST_PASSWORD" }, { user: "me", password: "from env" }],
    ["http://10.0.0.7", { tokenEnv: "TENK_TEST_PASSWORD" }, { token: "from env" }],
  ])("%s and %j", (target, probe, expected) => {
    process.env.TENK_TEST_PASSWORD = "from env";
    expect(readCredentials(service(probe, target), folder)).toEqual(expected);
  });

  test.each(["secret", "secret\n", "secret\r\n"])("a file with %j, read anew each time", (text) => {
    const probe = { passwordFile: fileWith(text) };
    expect(readCredentials(service(probe), folder)).toEqual({ password: "secret" });
    fileWith("changed\n");
    expect(readCredentials(service(probe), folder)).toEqual({ password: "changed" });
  });
});

describe("credentials are refused, by a message without them,", () => {
  test.each<[string, Service["probe"], string | undefined, string]>([
    ["with a line in it", { passwordFile: "pw" }, "hidden\r\nSHUTDOWN\n", "passwordFile: it has a line break"],
    ["with a NUL", { passwordFile: "pw" }, "hidden\0", "passwordFile: it has a line break or another control"],
    ["that are empty", { passwordFile: "pw" }, "\n", "passwordFile: it is empty"],
    ["that are long", { passwordFile: "pw" }, "hidden".repeat(1000), "no file of at most 4 KiB"],
    ["from a file that is not there", { passwordFile: "none" }, undefined, "none cannot be read: "],
    ["from a folder", { passwordFile: "folder" }, undefined, "folder is no file"],
    ["from a device", { passwordFile: "/dev/zero" }, undefined, "/dev/zero is no file"],
    [
      "from a variable that is not set",
      { tokenEnv: "TENK_TEST_PASSWORD" },
      undefined,
      "the environment has no variable TENK_TEST_PASSWORD",
    ],
  ])("%s", (_, probe, text, message) => {
    mkdirSync(join(folder, "folder"));
    if (text !== undefined) fileWith(text);
    let thrown = "";
    try {
      readCredentials(service(probe), folder);
    } catch (error) {
      thrown = String(error);
    }
    expect(thrown).toContain("Cannot use services.cache.probe.");
    expect(thrown).toContain(message);
    expect(thrown).not.toContain("hidden");
  });

  test.each(["redis://:hidden%0d%0aSHUTDOWN@a", "redis://:hidden%zz@a", "redis://hidden%00@a"])(
    "in the target %s",
    (target) => {
      expect(() => readCredentials(service({}, target), folder)).toThrow("Cannot use services.cache.target: ");
      expect(() => readCredentials(service({}, target), folder)).not.toThrow("hidden");
    },
  );
});

test.each([
  [0o644, 1],
  [0o640, 0],
  [0o600, 0],
])("a file with mode %o gives %d warnings, without the password", (mode, warnings) => {
  const said: string[] = [];
  const note = (message: string, fields: object = {}) => void said.push(`${message} ${JSON.stringify(fields)}`);
  const log = { debug: note, info: note, warn: note, error: note };
  readCredentials(service({ passwordFile: fileWith("hidden", mode) }), folder, log);
  expect(said.filter((line) => line.startsWith("secret readable by others"))).toHaveLength(warnings);
  expect(said.join()).not.toContain("hidden");
});

test.each([
  [{}, undefined],
  [{ token: "abc" }, "Bearer abc"],
  [{ user: "me", password: "ü" }, "Basic bWU6w7w="],
  [{ password: "only" }, "Basic Om9ubHk="],
])("of %j the Authorization of HTTP is %s", (credentials, expected) => {
  expect(authorizationOf(credentials)).toBe(expected);
});
