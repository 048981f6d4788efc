import { SERVICE } from "./unit.ts";

/** An address of the configuration that is to stay open while the service is started again. */
export interface HeldAddress {
  readonly transport: "tcp" | "udp";
  readonly address: { readonly host: string; readonly port: number } | { readonly path: string };
}

/**
 * Returns the text of `tenk.socket`: systemd holds these addresses, so that whoever connects during a restart waits a moment
 * instead of being refused. Undefined where it can hold none.
 */
export function socketUnit(addresses: readonly HeldAddress[]): string | undefined {
  const lines = [...new Set(addresses.flatMap(lineOf))];
  if (lines.length === 0) return undefined;
  return `[Unit]
Description=Addresses of tenk, which stay open while it is started again

[Socket]
${lines.join("\n")}
BindIPv6Only=both
# An address of an interface that is not up yet.
FreeBind=yes
Backlog=4096
NoDelay=yes
SocketUser=${SERVICE}
SocketGroup=${SERVICE}
SocketMode=0660

[Install]
WantedBy=sockets.target
`;
}

/** A name other than localhost may have another address at the next start; a port of 0 is none yet. */
function lineOf({ transport, address }: HeldAddress): string[] {
  const directive = transport === "udp" ? "ListenDatagram" : "ListenStream";
  if ("path" in address) return [`${directive}=${address.path.replace(/^\0/, "@").replaceAll("%", "%%")}`];
  const host = address.host === "localhost" ? "127.0.0.1" : address.host;
  if (address.port === 0 || !/^(\d+\.\d+\.\d+\.\d+|[\da-f:.]*:[\da-f:.]*)$/i.test(host)) return [];
  return [`${directive}=${host.includes(":") ? `[${host}]` : host}:${address.port}`];
}
