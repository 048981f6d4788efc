import { appleProfile } from "../../wire/mod.ts";

/** `localhost`, A: a query that every resolver answers. */
const PROBE = "AAABAAABAAAAAAAACWxvY2FsaG9zdAAAAQAB";

export interface DnsProfile {
  /** `https://box.home.arpa/dns-query` */
  readonly template: string;
  /** Of this machine: a name may need this resolver to be found. */
  readonly addresses: readonly string[];
}

/**
 * Writes a profile by which Apple's systems ask this resolver by HTTPS (Apple, "DNSSettings"). It is in force only where the resolver
 * answers and its certificate is trusted: away from the house a device would have no DNS otherwise.
 */
export function dnsProfile({ template, addresses }: DnsProfile): string {
  const { hostname } = new URL(template);
  return appleProfile({
    identifier: `tenk.dns.${hostname}`,
    identity: `tenk dns ${template}`,
    name: `DNS of ${hostname}`,
    description: `Asks ${hostname} by DNS over HTTPS, wherever it is reached.`,
    payloads: [
      {
        type: "com.apple.dnsSettings.managed",
        suffix: "https",
        name: `DNS over HTTPS of ${hostname}`,
        identity: `tenk dns https ${template}`,
        content: {
          DNSSettings: {
            DNSProtocol: "HTTPS",
            ServerURL: template,
            ...(addresses.length > 0 && { ServerAddresses: addresses }),
          },
          OnDemandRules: [{ Action: "Connect", URLStringProbe: `${template}?dns=${PROBE}` }, { Action: "Disconnect" }],
        },
      },
    ],
  });
}
