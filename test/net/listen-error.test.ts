import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { TenkError } from "../../src/base/mod.ts";
import { listen } from "../../src/net/mod.ts";

test.each([
  ["no.such.host.invalid", "Cannot listen on no.such.host.invalid:0: the name no.such.host.invalid has no address"],
  ["192.0.2.1", "Cannot listen on 192.0.2.1:0: this machine has no such address"],
])("listening on %s is refused with what is wrong with it", async (host, message) => {
  const refused = await listen({ host, port: 0 }, {}).catch((error: unknown) => error as TenkError);
  expect(refused).toBeInstanceOf(TenkError);
  expect(refused).toMatchObject({ code: "address-unavailable", message });
});

test.each([70_000, -1, 1.5, Number.NaN])("port %p is refused by name, with or without workers", async (port) => {
  const refusal = {
    code: "invalid-option",
    message: `Cannot use port as it must be a whole number from 0 to 65535: current value is ${port}`,
  };
  const handler = new URL("./asked-handler.ts", import.meta.url);
  for (const workers of [1, 2]) {
    expect(await listen({ port, workers }, handler).catch((error: unknown) => error)).toMatchObject(refusal);
  }
});

test.each([
  ["made for it is let go of", "() => (handler)", ["stopped"]],
  ["that others get too is not touched", "handler", []],
])("where a port is in use, a module's handler %s", async (_, exported, told) => {
  const folder = mkdtempSync(join(tmpdir(), "listen-error-"));
  const said: string[] = [];
  const name = `said-${folder}`;
  (globalThis as Record<string, unknown>)[name] = said;
  try {
    const file = join(folder, "handler.ts");
    const handler = `{ stopped() { globalThis[${JSON.stringify(name)}].push("stopped"); } }`;
    writeFileSync(file, `const handler = ${handler};\nexport default ${exported};\n`);
    await using taken = await listen({ host: "127.0.0.1" }, {});
    const error = await listen({ host: "127.0.0.1", port: taken.port }, pathToFileURL(file)).catch(
      (failure) => failure,
    );
    expect([error.code, said]).toEqual(["port-in-use", told]);
  } finally {
    rmSync(folder, { recursive: true });
    delete (globalThis as Record<string, unknown>)[name];
  }
});
