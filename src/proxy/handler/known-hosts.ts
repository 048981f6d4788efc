import type { Head } from "../../wire/http1/mod.ts";
import type { Client, KnownHost } from "../forward/mod.ts";
import { type HostRoutes, hostKey, type RouteTable } from "../routes/mod.ts";
import type { Route } from "./route.ts";

const decoder = new TextDecoder("latin1");

/**
 * Finds the routes of a request's host. Clients send the same `Host` again and again: what it leads to is kept with the connection,
 * until a reload. Connections that are opened one after the other mostly have it in common.
 */
export class KnownHosts {
  #latest: KnownHost<Route> | undefined;

  routesOf(
    client: Client<Route>,
    table: RouteTable<Route>,
    head: Head,
    bytes: Uint8Array,
  ): HostRoutes<Route> | undefined {
    if (head.hostStart < 0) return table.ofHost("");
    if (!isOf(client.host, table, head, bytes)) {
      if (!isOf(this.#latest, table, head, bytes)) this.#latest = knownHost(table, head, bytes);
      client.host = this.#latest;
    }
    return client.host!.routes;
  }
}

function isOf(
  known: KnownHost<Route> | undefined,
  table: RouteTable<Route>,
  { hostStart, hostEnd }: Head,
  bytes: Uint8Array,
): boolean {
  if (known?.table !== table || known.bytes.length !== hostEnd - hostStart) return false;
  for (let i = 0; i < known.bytes.length; i++) if (bytes[hostStart + i] !== known.bytes[i]) return false;
  return true;
}

function knownHost(table: RouteTable<Route>, { hostStart, hostEnd }: Head, from: Uint8Array): KnownHost<Route> {
  // A copy: `slice` of a Buffer is a view.
  const bytes = new Uint8Array(from.subarray(hostStart, hostEnd));
  return { bytes, routes: table.ofHost(hostKey(decoder.decode(bytes))), table };
}
