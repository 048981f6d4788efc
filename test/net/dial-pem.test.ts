import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readPem, readPemOf } from "../../src/net/tls/pem.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-pem-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = `${import.meta.dir}/fixtures/localhost-cert.pem`;

test("PEM is taken as text and from a file", () => {
  const text = readFileSync(path, "utf8");
  expect(readPem("cert", text)).toBe(text);
  expect(readPem("cert", path)).toBe(text);
});

const der = join(folder, "cert.der");
writeFileSync(der, Uint8Array.of(0x30, 0x82, 0x01, 0x0a));
test.each([
  ["", "a file's path or PEM text"],
  ["no block\nbut lines", "a file's path or PEM text"],
  [join(folder, "none.pem"), "there is no such file"],
  [folder, "it is a directory"],
  [der, "no PEM block"],
])("%p is refused by the option's name: %s", (given, says) => {
  expect(() => readPem("names.a.key", given)).toThrow(
    expect.objectContaining({ code: "file-unreadable", message: expect.stringContaining(says) }),
  );
  expect(() => readPem("names.a.key", given)).toThrow("names.a.key");
});

const key = path.replace("cert", "key");
const both = join(folder, "both.pem");
writeFileSync(both, readFileSync(path, "utf8") + readFileSync(key, "utf8"));

test("a certificate and its key may be one file, and are known apart where they are swapped", () => {
  for (const given of [path, both]) readPemOf("certificate", "tls.cert", given);
  for (const given of [key, both]) readPemOf("private key", "tls.key", given);
  for (const kind of ["RSA ", "EC ", "ENCRYPTED ", ""]) {
    const text = `-----BEGIN ${kind}PRIVATE KEY-----`;
    expect(readPemOf("private key", "key", text)).toBe(text);
    expect(() => readPemOf("certificate", "cert", text)).toThrow(
      "Cannot use cert: a private key stands where the certificate is expected",
    );
  }
  expect(() => readPemOf("certificate", "tls.cert", key)).toThrow(
    `Cannot use tls.cert of "${key}": a private key stands where the certificate is expected`,
  );
  expect(() => readPemOf("private key", "tls.key", path)).toThrow(
    `Cannot use tls.key of "${path}": a certificate stands where the private key is expected`,
  );
});

test("what was given is never shown whole, as it may be a key", () => {
  const secret = `MII${"x".repeat(1000)}`;
  expect(() => readPem("key", secret)).toThrow("too long");
  try {
    readPem("key", secret);
  } catch (error) {
    expect(Bun.inspect(error).includes("x".repeat(300))).toBe(false);
  }
});
