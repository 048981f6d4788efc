import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import { listen } from "../../src/net/mod.ts";
import { until } from "./support.ts";

const fixture = (name: string) => join(import.meta.dirname, "fixtures", `${name}.pem`);
const pairs = ["first", "second"].map((name) => ({ cert: fixture(`${name}-cert`), key: fixture(`${name}-key`) }));
const ca = readFileSync(fixture("ca-cert"), "utf8");
const CHANGES = 100;
const HANDSHAKES_PER_CHANGE = 10;

test("a certificate changed a hundred times under load: each connection has one of the two, whole", async () => {
  await using server = await listen(
    { host: "127.0.0.1", tls: pairs[0]! },
    { chunk: (each, bytes) => each.write(bytes) },
  );
  const subjects = new Map<string, number>();
  const failures: string[] = [];
  let answered = 0;
  /** Half of them ask for a name: both ways of finding a certificate change. */
  const visit = (index: number) => {
    const servername = index % 2 === 0 ? "first.test" : "";
    const client = tlsConnect({ port: server.port, ca, servername, checkServerIdentity: () => undefined });
    client.on("error", (error) => failures.push(String(error)));
    client.on("secureConnect", () => {
      const subject = client.getPeerCertificate().subject.CN as string;
      subjects.set(subject, (subjects.get(subject) ?? 0) + 1);
      client.write(subject);
    });
    client.on("data", () => {
      answered += 1;
      client.end();
    });
  };
  // 10 handshakes each 20 ms: 500 a second.
  for (let change = 1; change <= CHANGES; change++) {
    for (let index = 0; index < HANDSHAKES_PER_CHANGE; index++) visit(index);
    await new Promise((resolve) => setTimeout(resolve, 10));
    await server.updateTls(pairs[change % 2]!);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const all = CHANGES * HANDSHAKES_PER_CHANGE;
  await until(() => answered + failures.length === all);
  expect(failures).toEqual([]);
  expect([...subjects.keys()].sort()).toEqual(["first.test", "second.test"]);
  for (const count of subjects.values()) expect(count).toBeGreaterThan(all / 10);
  expect(server.counts()).toMatchObject({ accepted: all, handshakes: all });
}, 20_000);
