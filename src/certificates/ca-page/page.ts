import { X509Certificate } from "node:crypto";
import { escapeMarkup, guidePage, linkTo } from "../../base/mod.ts";
import type { CaCertificates } from "../local/mod.ts";
import { GUIDES } from "./guides.ts";

/**
 * Writes the page that explains how each device comes to trust the local CA.
 *
 * @param url of this page, as a phone reaches it
 */
export function caPage(ca: CaCertificates, url: string): string {
  const base = url.replace(/\/$/, "");
  const link = (file: string, text: string) => `<a href="${linkTo(base, file)}">${text}</a>`;
  const values: Readonly<Record<string, string>> = {
    profile: link("tenk.mobileconfig", "the profile"),
    pem: link("root.crt", "root.crt"),
    der: link("root.cer", "root.cer"),
    intermediate: link("intermediate.cer", "intermediate.cer"),
    name: escapeMarkup(ca.commonName),
    url: escapeMarkup(base),
    sha256: ca.fingerprint,
    sha1: new X509Certificate(ca.root).fingerprint,
  };
  const ends = new Date(ca.notAfterMs).toISOString().slice(0, 10);
  const lead = `<p>This box signs the certificates of its own services. A device that has its root certificate shows them without a warning.
The root can sign for ${ca.domains.map((domain) => `<code>${escapeMarkup(domain)}</code>`).join(", ")} and private addresses only:
it cannot stand in for any other site.</p>
<p><b>${values.name}</b>, until ${ends}. Compare its SHA-256 fingerprint with what <code>tenk trust --json</code> prints on the box:</p>
<p class="hash">${ca.fingerprint}</p>
<p class="files">${values.pem} (PEM) ${values.der} (DER) ${link("tenk.mobileconfig", "tenk.mobileconfig")} (Apple)</p>`;
  return guidePage({ title: "Trust this box", lead, guides: GUIDES, values, url: base });
}
