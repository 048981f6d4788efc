import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Instance, parseConfig, up } from "../../src/app/mod.ts";
import { keptLog } from "./admin/support.ts";

const FIXTURES = join(import.meta.dir, "../net/fixtures");

/** @param text without a `dashboard:` it gets one @param files by their names; its own are the pairs one-cert.pem, two-cert.pem … */
export async function withInstance(
  files: Record<string, string>,
  text: string,
  work: (
    instance: Instance,
    reload: (text: string) => Promise<string>,
    folder: string,
    said: () => string[],
  ) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "reload-"));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  for (const [ours, theirs] of [
    ["one", "first"],
    ["two", "second"],
  ] as const) {
    for (const part of ["cert", "key"])
      copyFileSync(join(FIXTURES, `${theirs}-${part}.pem`), join(folder, `${ours}-${part}.pem`));
  }
  const rest = (tcp: string) => (tcp.includes("dashboard:") ? "" : 'dashboard: { listen: "127.0.0.1:0" }\n');
  const parsed = (tcp: string) => parseConfig(tcp + rest(tcp), "tenk.yaml", folder);
  const log = keptLog();
  const instance = await up(parsed(text), { log });
  const said = () => log.lines.map(([, message, fields]) => `${message} ${fields.name ?? ""}`.trim());
  const reload = (tcp: string) =>
    instance.reload(parsed(tcp)).then(
      () => "reloaded",
      (error: Error) => error.message,
    );
  try {
    await work(instance, reload, folder, said);
  } finally {
    await instance.stop(0);
    rmSync(folder, { recursive: true });
  }
}

export function portOf(instance: Instance, name: string): number {
  return instance.listeners.find((each) => each.name === name)!.port;
}

/** What a listener says first, of many connections, so that each of its event loops is among them. */
export async function greetings(place: number | string): Promise<string[]> {
  const heard = await Promise.all(
    Array.from(
      { length: 30 },
      () =>
        new Promise<string>((resolve) => {
          const socket = typeof place === "string" ? dial(place) : dial(place, "127.0.0.1");
          socket.on("error", (error: NodeJS.ErrnoException) => resolve(String(error.code)));
          socket.once("data", (bytes) => {
            resolve(bytes.toString());
            socket.destroy();
          });
        }),
    ),
  );
  return [...new Set(heard)];
}

export const greeter = (name: string, before = "") =>
  `${before}\nexport default { open: (connection: { write(text: string): void }) => connection.write("${name}") };\n`;
