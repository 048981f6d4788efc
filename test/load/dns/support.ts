import { createSocket, type RemoteInfo } from "node:dgram";
import { createSecureServer, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { type DnsOptions, type DnsReport, dns, planDns, type Report, runLoad } from "../../../src/load/mod.ts";
import { nameEnd, nameText } from "../../../src/wire/dns/mod.ts";

/** A report that has DNS's section. */
export type ReportOfDns = Report & { readonly protocol: DnsReport };

export function queryFile(text: string, share = 1, name = "queries.txt"): DnsOptions["files"][number] {
  return { name, share, text: new TextEncoder().encode(text) };
}

/** Runs on a thread of its own, as the server is on this one; once through the lines unless the options say otherwise. */
export async function runDns(
  port: number,
  lines: string | DnsOptions["files"],
  options: Partial<DnsOptions> = {},
): Promise<ReportOfDns> {
  const files = typeof lines === "string" ? [queryFile(lines)] : lines;
  // How late queries are is the machine's doing, and not what is tested.
  const expectations = ["errors+mismatched+wrongrcode=0"];
  const plan = planDns({ host: "127.0.0.1", port, files, expectations, statsUrl: false, ...options });
  const report = await runLoad(dns, plan, { isOnOwnThreads: true });
  if (report.protocol?.kind !== "dns") throw new Error("The report has no section of DNS");
  return report as ReportOfDns;
}

/** A query as the server got it. */
export interface Asked {
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly id: number;
  readonly flags: number;
  readonly type: number;
  readonly isTcp: boolean;
  readonly port: number;
}

/** Returns the messages to send back, each at once or after some milliseconds. */
export type Reply = (asked: Asked) => readonly (Uint8Array | readonly [afterMs: number, answer: Uint8Array])[];

/** Returns an answer without records: the query with these flags. */
export function answer({ bytes }: Asked, flags = 0x8180): Uint8Array {
  const message = new Uint8Array(bytes);
  message[2] = flags >> 8;
  message[3] = flags & 0xff;
  return message;
}

/** A server of DNS over HTTPS on this thread; `reply` returns one message, or a status. */
export async function dohServer(reply: (asked: Uint8Array) => Uint8Array | number, tls: TlsFiles) {
  const asked: { readonly path: string; readonly type: string; readonly bytes: Uint8Array }[] = [];
  const sessions = new Set<ServerHttp2Session>();
  const server = createSecureServer(tls);
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream: ServerHttp2Stream, headers) => {
    const parts: Buffer[] = [];
    stream.on("error", () => {});
    stream.on("data", (part: Buffer) => parts.push(part));
    stream.on("end", () => {
      const bytes = new Uint8Array(Buffer.concat(parts));
      asked.push({ path: String(headers[":path"]), type: String(headers["content-type"]), bytes });
      const answered = reply(bytes);
      if (typeof answered === "number") stream.respond({ ":status": answered }, { endStream: true });
      else {
        stream.respond({ ":status": 200, "content-type": "application/dns-message" });
        stream.end(answered);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    [Symbol.asyncDispose]: async () => {
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface TlsFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** A DNS server on this thread, which keeps a log of all that it was asked. */
export async function dnsServer(
  reply: Reply,
  options: { readonly queriesPerConnection?: number; readonly tls?: TlsFiles } = {},
) {
  const asked: Asked[] = [];
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const udp = createSocket("udp4");
  const accept = (socket: Socket) => {
    sockets.add(socket);
    serve(socket);
  };
  const tcp = options.tls === undefined ? createServer(accept) : createTlsServer(options.tls, accept);
  const sockets = new Set<Socket>();
  await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
  const { port } = tcp.address() as AddressInfo;
  await new Promise<void>((resolve) => udp.bind(port, "127.0.0.1", resolve));
  udp.on("message", (bytes, from: RemoteInfo) => {
    take(bytes, false, from.port, (message) => udp.send(message, from.port, from.address));
  });

  function take(bytes: Uint8Array, isTcp: boolean, fromPort: number, send: (message: Uint8Array) => void): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const end = nameEnd(bytes, 12, bytes.length);
    const query: Asked = {
      bytes: new Uint8Array(bytes),
      name: nameText(bytes, 12),
      id: view.getUint16(0),
      flags: view.getUint16(2),
      type: view.getUint16(end),
      isTcp,
      port: fromPort,
    };
    asked.push(query);
    for (const each of reply(query)) {
      if (each instanceof Uint8Array) send(each);
      else {
        const timer = setTimeout(() => {
          timers.delete(timer);
          send(each[1]);
        }, each[0]);
        timers.add(timer);
      }
    }
  }

  function serve(socket: Socket): void {
    let pending: Buffer = Buffer.alloc(0);
    let count = 0;
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const length = pending.readUInt16BE(0);
        const message = pending.subarray(2, 2 + length);
        pending = pending.subarray(2 + length);
        if (count >= (options.queriesPerConnection ?? Number.POSITIVE_INFINITY)) continue;
        count += 1;
        take(message, true, socket.remotePort ?? 0, (out) => {
          socket.write(Buffer.concat([Uint8Array.of(out.length >> 8, out.length & 0xff), out]));
        });
        if (count === options.queriesPerConnection) socket.end();
      }
    });
  }

  return {
    port,
    asked,
    [Symbol.asyncDispose]: async () => {
      for (const timer of timers) clearTimeout(timer);
      for (const socket of sockets) socket.destroy();
      udp.close();
      await new Promise((resolve) => tcp.close(resolve));
    },
  };
}
