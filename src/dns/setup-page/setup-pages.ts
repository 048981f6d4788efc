import { escapeMarkup, guidePage, linkTo, pageHeaders } from "../../base/mod.ts";
import { qrCodeSvg } from "../../certificates/mod.ts";
import { formatAddress, type SitePage } from "../../part/mod.ts";
import { dnsProfile } from "./dns-profile.ts";
import { guidesFor } from "./guides.ts";

/** How this resolver is reached, as people are told. */
export interface SetupFacts {
  /** Of this machine, the best first. */
  readonly addresses: readonly string[];
  /** Of UDP and TCP. */
  readonly port: number;
  /** A name of this machine that it answers itself. */
  readonly name: string;
  /** DNS over TLS. */
  readonly tls: { readonly name: string; readonly port: number } | undefined;
  /** DNS over HTTPS: `https://box.home.arpa/dns-query`. */
  readonly template: string | undefined;
  /** The certificates are of a public CA. */
  readonly isPublic: boolean;
}

const DNS_PORT = 53;
const TLS_PORT = 853;

/**
 * Returns the page that explains how devices come to use this resolver, and its files, by path.
 *
 * @param url of the page, as other devices reach it: `http://box.local/dns`
 */
export function setupPages(facts: SetupFacts, url: string): Record<string, SitePage> {
  const { pathname } = new URL(url);
  const { template } = facts;
  const html = { headers: pageHeaders("text/html; charset=utf-8"), body: setupPage(facts, url) };
  const profile = template && dnsProfile({ ...facts, template });
  return {
    [pathname]: html,
    [`${pathname}/`]: html,
    [`${pathname}/qr.svg`]: { headers: pageHeaders("image/svg+xml"), body: qrCodeSvg(url) },
    ...(profile && {
      [`${pathname}/tenk-dns.mobileconfig`]: {
        headers: pageHeaders("application/x-apple-aspen-config", "tenk-dns.mobileconfig"),
        body: profile,
      },
    }),
  };
}

function setupPage(facts: SetupFacts, url: string): string {
  const { addresses, port, name, tls, template, isPublic } = facts;
  const code = (text: string) => `<code>${escapeMarkup(text)}</code>`;
  const withPort = (address: string, usual: number, own: number) =>
    own === usual ? address : formatAddress({ host: address, port: own });
  const tlsServers = addresses.map((each) => `${withPort(each, TLS_PORT, tls?.port ?? TLS_PORT)}#${tls?.name}`);
  const ca = new URL("ca", url).pathname;
  const values = {
    address: code(addresses[0] ?? "the address of this box"),
    addresses: addresses.map(code).join(" and ") || "the address of this box",
    servers: escapeMarkup(addresses.map((each) => withPort(each, DNS_PORT, port)).join(" ")),
    tlsServers: escapeMarkup(tlsServers.join(" ")),
    name: escapeMarkup(name),
    tlsName: code(tls?.name ?? ""),
    tlsPort: tls?.port === TLS_PORT ? "" : `Android asks port ${TLS_PORT} alone; this box listens on ${tls?.port}.`,
    template: code(template ?? ""),
    profile: `<a href="${linkTo(url, "tenk-dns.mobileconfig")}">the profile</a>`,
    trust: `<a href="${escapeMarkup(ca)}">trust this box</a>`,
  };
  const rows = [
    `DNS: ${values.addresses}${port === DNS_PORT ? "" : `, port ${port}`}`,
    ...(tls ? [`DNS over TLS: ${values.tlsName}${tls.port === TLS_PORT ? "" : `, port ${tls.port}`}`] : []),
    ...(template ? [`DNS over HTTPS: ${values.template}`] : []),
  ];
  const warning =
    port === DNS_PORT
      ? ""
      : `\n<p><b>Routers, phones and Windows ask port ${DNS_PORT} alone.</b> Where another program has it, the log of tenk names that program and how to free the port.</p>`;
  const lead = `<p>This box answers the DNS queries of the house: it knows the names of its own services, and leaves out advertising and
trackers. Devices use it once they are told to.</p>
<ul>\n${rows.map((row) => `<li>${row}</li>`).join("\n")}\n</ul>${warning}`;
  const guides = guidesFor({ tls: tls?.port, https: template !== undefined, isPublic });
  return guidePage({ title: "Use this box for DNS", lead, guides, values, url });
}
