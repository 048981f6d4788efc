/** The `certificates:` section as ACME uses it. */
import { expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CERTIFICATES_SCHEMA, InstanceCertificates } from "../../src/app/certificates/mod.ts";
import { FakeCa } from "../certificates/acme/fake-ca.ts";
import { keptLog, newFolder } from "../certificates/support.ts";
import { until } from "../net/support.ts";

test("the command for DNS is a file beside the configuration, and is told the record", async () => {
  const folder = newFolder();
  writeFileSync(join(folder, "dns.sh"), `#!/bin/sh\necho "$1 $ACME_ACTION $ACME_NAME" >> ${folder}/calls\n`);
  chmodSync(join(folder, "dns.sh"), 0o755);
  const challenge = { type: "dns-01", url: "", token: "t".repeat(43), status: "pending" };
  const json = { status: "pending", identifier: { type: "dns", value: "a.example.org" }, challenges: [challenge] };
  using ca = await FakeCa.open({ authorization: { json }, challenge: { status: 403 } });
  challenge.url = ca.url("challenge");
  const config = CERTIFICATES_SCHEMA.parse({
    acme: ca.directory,
    dns: { command: ["./dns.sh", "home"], wait: "0ms" },
    challenges: ["dns-01"],
  });
  const settings = { config, domain: undefined, dataFolder: undefined, folder };
  const certificates = new InstanceCertificates(settings, keptLog().log);
  const declaration = await certificates.declare(["a.example.org"], { owner: "test", changed: () => undefined });
  const calls = join(folder, "calls");
  await until(() => existsSync(calls) && readFileSync(calls, "utf8").includes("cleanup"), 20_000);
  const record = "_acme-challenge.a.example.org";
  expect(readFileSync(calls, "utf8")).toBe(`home present ${record}\nhome cleanup ${record}\n`);
  declaration.close();
  await certificates.close();
}, 30_000);
