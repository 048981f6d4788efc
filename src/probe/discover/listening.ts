import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { formatIp, isMappedIpv4 } from "../../wire/mod.ts";

/** A TCP port that something listens on. */
export interface ListeningPort {
  /** `0.0.0.0` and `::` stand for all addresses. */
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

const LISTEN = "0A"; // TCP_LISTEN of the kernel's tcp_states.h

/** Returns the TCP ports that are listened on. @param root of the file system, for tests */
export async function listeningPorts(root = "/"): Promise<ListeningPort[]> {
  const tables = await Promise.all(
    ["proc/net/tcp", "proc/net/tcp6"].map((name) => readFile(join(root, name), "latin1").catch(() => "")),
  );
  return tables.flatMap(parseTable);
}

/**
 * Parses `/proc/net/tcp` or `/proc/net/tcp6`: addresses are words of four bytes in the machine's order.
 *
 * ```text
 *   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
 *    0: 0100007F:2382 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 41270 …
 * ```
 */
export function parseTable(text: string): ListeningPort[] {
  return text.split("\n").flatMap((line) => {
    const columns = line.trim().split(/\s+/);
    const [address, port] = (columns[1] ?? "").split(":");
    if (columns[3] !== LISTEN || address === undefined || port === undefined) return [];
    return [{ address: addressOf(address), port: Number.parseInt(port, 16), inode: columns[9] ?? "" }];
  });
}

function addressOf(hex: string): string {
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  for (let at = 0; at + 4 <= bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  return formatIp(bytes.length === 16 && isMappedIpv4(bytes) ? bytes.slice(12) : bytes);
}
