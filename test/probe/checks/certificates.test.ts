import { afterAll, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkHttp, type HttpCheck } from "../../../src/probe/checks/mod.ts";
import { selfSigned } from "../../net/self-signed.ts";
import { reasonOf } from "./http-support.ts";

const folder = mkdtempSync(join(tmpdir(), "tenk-probe-"));
afterAll(() => rmSync(folder, { recursive: true }));
const good = selfSigned(folder, "good");
const other = selfSigned(folder, "other");

/** One that expired yesterday. */
function expired(): { cert: string; key: string } {
  const path = (name: string) => join(folder, name);
  writeFileSync(path("names"), "subjectAltName=DNS:dns.example,IP:127.0.0.1");
  const key = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=test"];
  execFileSync("openssl", [...key, "-keyout", path("old.key"), "-out", path("old.csr")], { stdio: "ignore" });
  const sign = ["x509", "-req", "-in", path("old.csr"), "-signkey", path("old.key"), "-days", "-1"];
  execFileSync("openssl", [...sign, "-extfile", path("names"), "-out", path("old.pem")], { stdio: "ignore" });
  return { cert: path("old.pem"), key: path("old.key") };
}
const old = expired();

test.each<[string, { cert: string; key: string }, Partial<HttpCheck>, string, string | undefined]>([
  ["its issuer is known", good, { tls: { ca: good.cert } }, "up", undefined],
  ["nothing is verified", good, { tls: { verify: false } }, "up", undefined],
  ["its issuer is not known", good, {}, "down", "its certificate is signed by itself: give the probe who signed it"],
  ["another issuer is expected", good, { tls: { ca: other.cert } }, "down", "give the probe who signed it as tls.ca"],
  [
    "another name is expected",
    good,
    { tls: { ca: good.cert, serverName: "nas.test" } },
    "down",
    "its certificate is for dns.example, 127.0.0.1, not for this target: name one of these",
  ],
  ["it expired", old, { tls: { ca: old.cert } }, "down", "its certificate expired a day ago: renew it"],
  ["it expired and its issuer is not known", old, {}, "down", "its certificate expired a day ago: renew it"],
  ["it expired and nothing is verified", old, { tls: { verify: false } }, "degraded", "expired a day ago: renew it"],
  ["it is over soon", good, { tls: { verify: false }, certificateDays: 31 }, "degraded", "is over in 29 days"],
])("a certificate's end is known where %s", async (_, { cert, key }, more, result, reason) => {
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (_, response) => response.end());
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const common = { timeoutMs: 20_000, slowMs: 20_000, certificateDays: 7, maxBodyBytes: 65_536 };
  const outcome = await checkHttp({ url, ...common, ...more });
  server.close();
  server.closeAllConnections();
  expect<string>(outcome.result).toBe(result);
  if (reason === undefined) expect(reasonOf(outcome)).toBeUndefined();
  else expect(reasonOf(outcome)).toContain(reason);
  const until = outcome.facts.certificateUntilMs ?? 0;
  expect(Math.round((until - Date.now()) / 86_400_000)).toBe(key === old.key ? -1 : 30);
});
