import { randomUUID } from "node:crypto";
import { arch, hostname } from "node:os";
import type { Exchange } from "../../http/mod.ts";
import { equalsIgnoringCase, FIELD_STRIDE, FieldName, type Head } from "../../wire/http1/mod.ts";

/** The request that a template is filled in for. `head` and `bytes` are borrowed. */
export interface TemplateRequest {
  readonly exchange: Exchange;
  readonly head: Head;
  readonly bytes: Uint8Array;
}

/** Writes a value into `out` at `at`, at most up to `out.length`. @returns where it ends */
export type Placeholder = (out: Uint8Array, at: number, request: TemplateRequest) => number;

const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");
const QUESTION = 0x3f;
const COLON = 0x3a;

function copy(out: Uint8Array, at: number, from: Uint8Array, start: number, end: number): number {
  const last = Math.min(end, start + out.length - at);
  let to = at;
  for (let i = start; i < last; i++) out[to++] = from[i]!;
  return to;
}

/** A value that changes only when `read` says so: kept encoded, since most requests find the one of the last. */
function text(read: (request: TemplateRequest) => string): Placeholder {
  let last = "";
  let encoded = encoder.encode(last);
  return (out, at, request) => {
    const value = read(request);
    if (value !== last) {
      last = value;
      encoded = encoder.encode(value);
    }
    return copy(out, at, encoded, 0, encoded.length);
  };
}

const constant = (value: string) => text(() => value);

function pathEnd({ head, bytes }: TemplateRequest): number {
  const at = bytes.subarray(head.targetStart, head.targetEnd).indexOf(QUESTION);
  return at < 0 ? head.targetEnd : head.targetStart + at;
}

function portStart({ head, bytes }: TemplateRequest): number {
  for (let at = head.hostEnd - 1; at > head.hostStart; at--) {
    if (bytes[at] === COLON) return at;
    if (bytes[at]! < 0x30 || bytes[at]! > 0x39) break;
  }
  return head.hostEnd;
}

const uri: Placeholder = (out, at, { head, bytes }) => copy(out, at, bytes, head.targetStart, head.targetEnd);
const path: Placeholder = (out, at, request) =>
  copy(out, at, request.bytes, request.head.targetStart, pathEnd(request));
const query: Placeholder = (out, at, request) =>
  copy(out, at, request.bytes, Math.min(pathEnd(request) + 1, request.head.targetEnd), request.head.targetEnd);
const method: Placeholder = (out, at, { head, bytes }) => copy(out, at, bytes, head.methodStart, head.methodEnd);
const hostAndPort: Placeholder = (out, at, { head, bytes }) =>
  head.hostStart < 0 ? at : copy(out, at, bytes, head.hostStart, head.hostEnd);
const host: Placeholder = (out, at, request) =>
  request.head.hostStart < 0 ? at : copy(out, at, request.bytes, request.head.hostStart, portStart(request));
const port: Placeholder = (out, at, request) => {
  const start = portStart(request) + 1;
  if (request.head.hostStart >= 0 && start < request.head.hostEnd)
    return copy(out, at, request.bytes, start, request.head.hostEnd);
  return copy(out, at, request.exchange.client.isSecure ? PORT_443 : PORT_80, 0, 3);
};
const PORT_443 = encoder.encode("443");
const PORT_80 = encoder.encode("80 ").subarray(0, 2);

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

function hostPort({ remoteAddress: host, remotePort: port }: { remoteAddress: string; remotePort: number }): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The first field of that name. */
function headerPlaceholder(name: string): Placeholder {
  const lower = encoder.encode(name.toLowerCase());
  return (out, at, { head: { fields, count }, bytes }) => {
    for (let place = 0; place < count * FIELD_STRIDE; place += FIELD_STRIDE) {
      if (equalsIgnoringCase(bytes, fields[place]!, fields[place + 1]!, lower))
        return copy(out, at, bytes, fields[place + 2]!, fields[place + 3]!);
    }
    return at;
  };
}

function cookiePlaceholder(name: string): Placeholder {
  return text(({ head, bytes }) => {
    for (let place = 0; place < head.count * FIELD_STRIDE; place += FIELD_STRIDE) {
      if (head.fields[place + 4] !== FieldName.cookie) continue;
      const all = decoder.decode(bytes.subarray(head.fields[place + 2], head.fields[place + 3])).split(/; */);
      const found = all.find((each) => each.startsWith(`${name}=`));
      if (found !== undefined) return found.slice(name.length + 1);
    }
    return "";
  });
}

/** Returns what a name stands for; undefined for one that is not known. */
export function placeholderOf(name: string): Placeholder | undefined {
  if (Object.hasOwn(PLACEHOLDERS, name)) return PLACEHOLDERS[name];
  const [, kind, rest = ""] = /^(?:http\.request\.)?(header|cookie)\.([\w-]+)$/.exec(name) ?? [];
  if (kind === undefined) return undefined;
  return kind === "header" ? headerPlaceholder(rest) : cookiePlaceholder(rest);
}

/** Values by the names that users of Caddy know (Caddyfile "placeholders"), and their short forms. */
export const PLACEHOLDERS: Readonly<Record<string, Placeholder>> = {
  "http.request.uri": uri,
  "http.request.uri.path": path,
  "http.request.uri.query": query,
  "http.request.method": method,
  "http.request.host": host,
  "http.request.hostport": hostAndPort,
  "http.request.port": port,
  "http.request.proto": text(({ exchange }) => exchange.protocol),
  "http.request.scheme": text(({ exchange }) => (exchange.client.isSecure ? "https" : "http")),
  "http.request.remote.host": text(({ exchange }) => exchange.client.connection.remoteAddress),
  "http.request.remote": text(({ exchange: { client } }) => hostPort(client.connection)),
  "http.request.uuid": text(() => randomUUID()),
  "http.request.remote.port": text(({ exchange }) => String(exchange.client.connection.remotePort)),
  "http.request.tls.server_name": text(({ exchange }) => exchange.client.serverName ?? ""),
  "system.os": constant("linux"),
  "system.arch": constant(ARCHITECTURES[arch()] ?? arch()),
  "system.hostname": constant(hostname()),
  "time.now": text(() => new Date().toISOString()),
  "time.now.http": text(() => new Date().toUTCString()),
  "time.now.unix": text(() => String(Math.floor(Date.now() / 1000))),
  "time.now.unix_ms": text(() => String(Date.now())),
  "time.now.year": text(() => String(new Date().getFullYear())),
  uri,
  path,
  query,
  method,
  host,
  hostport: hostAndPort,
  port,
  scheme: text(({ exchange }) => (exchange.client.isSecure ? "https" : "http")),
  remote_host: text(({ exchange }) => exchange.client.connection.remoteAddress),
};
