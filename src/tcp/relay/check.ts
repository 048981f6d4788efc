import { type Connection, connect } from "../../net/mod.ts";
import type { TargetAddress } from "../../targets/mod.ts";
import { ownProxyHeader } from "./proxy-out.ts";

/**
 * Connects to a target and hangs up: TCP alone, without TLS, after a PROXY header where targets expect one.
 *
 * @throws {TenkError} see `connect`
 */
export async function checkByConnect(
  place: TargetAddress,
  proxyHeader: "none" | "v1" | "v2",
  options: { signal: AbortSignal; timeoutMs: number },
): Promise<void> {
  const connection: Connection = await connect({ ...place, ...options }, {});
  if (proxyHeader === "none") {
    connection.reset();
    return;
  }
  connection.write(ownProxyHeader(proxyHeader));
  // A reset would overtake the header, and the target would miss it.
  connection.end();
}
