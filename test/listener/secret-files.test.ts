import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../src/app/mod.ts";
import { listenOptions } from "../../src/tcp/listeners/options.ts";

test("a passphrase may be in a file, beside the configuration, with a line feed at its end", () => {
  const folder = mkdtempSync(join(tmpdir(), "tenk-secret-"));
  writeFileSync(join(folder, "phrase"), "hunter2\n", { mode: 0o600 });
  const text = (file: string) =>
    `tcp: { a: { listen: 1, tls: { cert: c.pem, key: k.pem, passphraseFile: ${file}, names: { b.c: { cert: d.pem, key: e.pem } } } } }`;
  const optionsOf = (file: string) =>
    listenOptions("a", parseConfig(text(file), "tenk.yaml").config.tcp!.a!, folder).tls;
  expect(optionsOf("phrase")).toMatchObject({ passphrase: "hunter2" });
  expect(() => optionsOf("none")).toThrow(`Cannot use tls.passphraseFile: ${folder}/none cannot be read`);
  rmSync(folder, { recursive: true });
});
