import { X509Certificate } from "node:crypto";
import type { CaCertificates } from "../local/mod.ts";
import { escapeMarkup } from "./escape.ts";
import { GUIDES, type Guide } from "./guides.ts";

const STYLE = `:root{color-scheme:light dark;--line:#8886}
body{font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere;max-width:44rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.5rem}a{color:LinkText}
.hash{font:600 1rem/1.6 ui-monospace,monospace}
.files a{display:inline-block;margin:0 1rem .5rem 0}
details{border-top:1px solid var(--line);padding:.6rem 0}summary{cursor:pointer;font-weight:600}
img{width:12rem;height:12rem;border-radius:.3rem}`;

/**
 * Writes the page that explains how each device comes to trust the local CA. Without script, and complete without the network.
 *
 * @param url of this page, as a phone reaches it
 */
export function caPage(ca: CaCertificates, url: string): string {
  const base = url.replace(/\/$/, "");
  const link = (file: string, text: string) => `<a href="${escapeMarkup(`${pathOf(base)}/${file}`)}">${text}</a>`;
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
  const filled = (text: string) => text.replace(/\{(\w+)\}/g, (_, key: string) => values[key] ?? "");
  const ends = new Date(ca.notAfterMs).toISOString().slice(0, 10);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>Trust this box</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Trust this box</h1>
<p>This box signs the certificates of its own services. A device that has its root certificate shows them without a warning.
The root can sign for ${ca.domains.map((domain) => `<code>${escapeMarkup(domain)}</code>`).join(", ")} and private addresses only:
it cannot stand in for any other site.</p>
<p><b>${values.name}</b>, until ${ends}. Compare its SHA-256 fingerprint with what <code>tenk trust --json</code> prints on the box:</p>
<p class="hash">${ca.fingerprint}</p>
<p class="files">${values.pem} (PEM) ${values.der} (DER) ${link("tenk.mobileconfig", "tenk.mobileconfig")} (Apple)</p>
${GUIDES.map((guide) => section(guide, filled)).join("\n")}
<h2>On another device</h2>
<p>Open <code>${values.url}</code> there, or scan this:</p>
<p><img src="${escapeMarkup(`${pathOf(base)}/qr.svg`)}" alt="QR code of ${values.url}"></p>
</body>
</html>
`;
}

function section({ device, steps, note }: Guide, filled: (text: string) => string): string {
  const list = steps.map((step) => `<li>${filled(step)}</li>`).join("\n");
  const more = note === undefined ? "" : `\n<p>${filled(note)}</p>`;
  return `<details>\n<summary>${device}</summary>\n<ol>\n${list}\n</ol>${more}\n</details>`;
}

/** Links are without the host, which a proxy in front may have changed. */
function pathOf(url: string): string {
  return new URL(url).pathname.replace(/\/$/, "");
}
