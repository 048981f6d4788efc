import { withoutUndefined } from "../base/mod.ts";
import { pemOption } from "../listener/mod.ts";
import type { ClientTlsOptions } from "../net/mod.ts";
import type { Service } from "../part/mod.ts";

/** Returns how TLS is done: as `probe.tls` says, else as the service's own `tls`. */
export function tlsOf({ http, probe }: Service, folder: string): ClientTlsOptions | undefined {
  const { answer } = http ?? {};
  const given = probe?.tls ?? (answer?.type === "forward" ? answer.forward.tls : undefined);
  if (given === undefined) return undefined;
  const pem = (text: string | undefined) => text && pemOption(text, folder);
  const { verify, serverName, ca, cert, key } = given;
  return withoutUndefined({ verify, serverName, ca: pem(ca), cert: pem(cert), key: pem(key) });
}
