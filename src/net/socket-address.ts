import { AF_INET, AF_INET6, AF_UNIX, interfaceNumber } from "./ffi.ts";

/** A socket's address in the kernel's form (struct sockaddr_in, _in6, _un). */
export type SocketAddress = { family: number; bytes: Uint8Array };

/** The interface's number (RFC 4007 §11.2); 0, which the kernel refuses of a link-local address, where there is none. */
function zoneNumber(zone: string): number {
  return /^\d+$/.test(zone) ? Number(zone) : interfaceNumber(zone);
}

/** @param address an IPv4 or IPv6 literal (a `%zone` may follow a link-local one: the interface's name or number) */
export function internetAddress(address: string, port: number): SocketAddress {
  if (!address.includes(":")) {
    const bytes = new Uint8Array(16);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, AF_INET, true);
    view.setUint16(2, port);
    for (const [index, part] of address.split(".").entries()) bytes[4 + index] = Number(part);
    return { family: AF_INET, bytes };
  }
  const [plain = "", zone = "0"] = address.split("%");
  const bytes = new Uint8Array(28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_INET6, true);
  view.setUint16(2, port);
  for (const [index, group] of groupsOf(plain).entries()) view.setUint16(8 + 2 * index, group);
  view.setUint32(24, zoneNumber(zone), true);
  return { family: AF_INET6, bytes };
}

/** The eight 16-bit groups of an IPv6 literal (RFC 4291 §2.2), an embedded IPv4 tail included. */
function groupsOf(address: string): number[] {
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((group) => group.toString(16)).join(":"),
  );
  const [head = "", tail] = hex.split("::");
  const numbers = (text: string) => (text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16)));
  if (tail === undefined) return numbers(head);
  const [first, last] = [numbers(head), numbers(tail)];
  return [...first, ...new Array<number>(8 - first.length - last.length).fill(0), ...last];
}

/** @param path a file, or `\0name` in the abstract space */
export function unixAddress(path: string): SocketAddress {
  const name = new TextEncoder().encode(path);
  const bytes = new Uint8Array(2 + name.length + (path.startsWith("\0") ? 0 : 1));
  new DataView(bytes.buffer).setUint16(0, AF_UNIX, true);
  bytes.set(name, 2);
  return { family: AF_UNIX, bytes };
}

/** A socket's address as people write it: `host` and `port`, or the `path` of a Unix socket (`\0name` in the abstract space). */
export type ReadAddress =
  | { readonly family: number; readonly host: string; readonly port: number }
  | { readonly family: number; readonly path: string };

/** Reads an address of the kernel's form; undefined for families that are none of the internet or Unix. */
export function readAddress(bytes: Uint8Array<ArrayBuffer>): ReadAddress | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const family = view.getUint16(0, true);
  if (family === AF_INET) return { family, host: bytes.subarray(4, 8).join("."), port: view.getUint16(2) };
  if (family === AF_INET6) return { family, host: ipv6Text(view), port: view.getUint16(2) };
  if (family !== AF_UNIX) return undefined;
  const name = new TextDecoder().decode(bytes.subarray(2));
  return { family, path: name.startsWith("\0") ? name : name.replace(/\0.*$/s, "") };
}

/** RFC 5952, by the URL parser. */
function ipv6Text(view: DataView): string {
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(8 + 2 * index).toString(16));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}
