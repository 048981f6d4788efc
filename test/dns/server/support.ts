import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Instance, type LoadedConfig, parseConfig, up } from "../../../src/app/mod.ts";
import { keptLog } from "../../app/admin/support.ts";
import { Client } from "../../net/udp/client.ts";
import { type QueryFields, queryBytes } from "../queries.ts";
import { type Told, told } from "../resolver/house.ts";

const PATIENT_MS = 20_000;

/** What is the same in every configuration here: nothing that leaves this machine. */
const QUIET = 'dashboard: { listen: "127.0.0.1:0" }\n';
const WITHOUT_PROXY = "proxy: off\n";

export interface Box {
  readonly instance: Instance;
  readonly folder: string;
  readonly log: ReturnType<typeof keptLog>;
  readonly port: number;
  /** Asks by UDP. @returns as text, such as `NOERROR A 192.0.2.1` */
  ask(name: string, type?: string, fields?: QueryFields): Promise<string>;
  told(name: string, type?: string, fields?: QueryFields): Promise<Told>;
  /** Asks by UDP until this is the answer. */
  untilAnswered(name: string, expected: string): Promise<void>;
  askByTcp(name: string, type?: string): Promise<string>;
  reload(text: string): Promise<string>;
}

/** Only tests between network namespaces send to networks. */
function withoutMdns(loaded: LoadedConfig): LoadedConfig {
  const { dns } = loaded.config;
  return dns?.mdns !== true ? loaded : { ...loaded, config: { ...loaded.config, dns: { ...dns, mdns: false } } };
}

/** Runs an instance whose configuration has a `dns:` section; without a proxy unless it has `proxy:`. @param files by name, in the configuration's folder */
export async function withBox(
  text: string,
  work: (box: Box) => Promise<void>,
  files: Readonly<Record<string, string>> = {},
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tenk-dns-part-"));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  const quiet = (given: string) => QUIET + (given.includes("\nproxy:") ? given : WITHOUT_PROXY + given);
  const parsed = (given: string) => withoutMdns(parseConfig(quiet(given), "tenk.yaml", folder));
  const log = keptLog();
  const instance = await up(parsed(text), { log });
  const { port } = instance.listeners.find(({ name }) => name === "udp")!;
  const client = await Client.open(port);
  const toldOf = async (name: string, type = "A", fields: QueryFields = {}) => {
    await client.send(queryBytes(name, type, fields));
    return told((await client.next()).bytes);
  };
  try {
    await work({
      instance,
      folder,
      log,
      port,
      told: toldOf,
      ask: async (...query) => (await toldOf(...query)).text,
      async untilAnswered(name, expected) {
        const deadline = performance.now() + PATIENT_MS;
        for (let answer = ""; answer !== expected; answer = (await toldOf(name)).text)
          if (performance.now() > deadline) throw new Error(`${name} is still answered ${answer}`);
      },
      askByTcp: (name, type = "A") => askByTcp(port, queryBytes(name, type)),
      reload: (given) =>
        instance.reload(parsed(given)).then(
          () => "reloaded",
          (error: Error) => error.message,
        ),
    });
  } finally {
    await client[Symbol.asyncDispose]();
    await instance.stop(0);
    rmSync(folder, { recursive: true });
  }
}

function askByTcp(port: number, query: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    let came = Buffer.alloc(0);
    const socket = connect(port, "127.0.0.1", () =>
      socket.write(Uint8Array.of(query.length >> 8, query.length & 255, ...query)),
    );
    socket.on("error", reject);
    socket.on("data", (bytes: Buffer) => {
      came = Buffer.concat([came, bytes]);
      if (came.length < 2 || came.length < 2 + came.readUint16BE(0)) return;
      socket.destroy();
      resolve(told(new Uint8Array(came.subarray(2))).text);
    });
  });
}
