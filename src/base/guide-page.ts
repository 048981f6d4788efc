import { escapeMarkup } from "./markup.ts";

/** What a person does on one kind of device. Each step is HTML of ours; `{…}` are links and values of the page. */
export interface Guide {
  readonly device: string;
  readonly steps: readonly string[];
  readonly note?: string;
}

export interface GuidePage {
  readonly title: string;
  /** HTML behind the title, and before the guides. */
  readonly lead: string;
  readonly guides: readonly Guide[];
  /** What `{…}` of guides stand for: HTML. */
  readonly values: Readonly<Record<string, string>>;
  /** Of the page, as a phone reaches it. A QR code of it is at `qr.svg` below. */
  readonly url: string;
}

const STYLE = `:root{color-scheme:light dark;--line:#8886}
body{font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere;max-width:44rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.5rem}a{color:LinkText}
.hash{font:600 1rem/1.6 ui-monospace,monospace}
.files a{display:inline-block;margin:0 1rem .5rem 0}
details{border-top:1px solid var(--line);padding:.6rem 0}summary{cursor:pointer;font-weight:600}
pre{white-space:pre-wrap;margin:.5rem 0;padding:.6rem;border:1px solid var(--line);border-radius:.3rem}
img{width:12rem;height:12rem;border-radius:.3rem}`;

/** Writes a page of guides for devices of a house. Without script, and complete without the network. */
export function guidePage({ title, lead, guides, values, url }: GuidePage): string {
  const filled = (text: string) => text.replace(/\{(\w+)\}/g, (_, key: string) => values[key] ?? "");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${title}</h1>
${lead}
${guides.map((guide) => section(guide, filled)).join("\n")}
<h2>On another device</h2>
<p>Open <code>${escapeMarkup(url)}</code> there, or scan this:</p>
<p><img src="${linkTo(url, "qr.svg")}" alt="QR code of ${escapeMarkup(url)}"></p>
</body>
</html>
`;
}

function section({ device, steps, note }: Guide, filled: (text: string) => string): string {
  const list = steps.map((step) => `<li>${filled(step)}</li>`).join("\n");
  const more = note === undefined ? "" : `\n<p>${filled(note)}</p>`;
  return `<details>\n<summary>${device}</summary>\n<ol>\n${list}\n</ol>${more}\n</details>`;
}

/** Returns where a file below the page is, escaped: without the host, which a proxy in front may have changed. */
export function linkTo(url: string, file: string): string {
  return escapeMarkup(`${new URL(url).pathname.replace(/\/$/, "")}/${file}`);
}

/** Fields of the answer that has such a page, or a file of it. */
export function pageHeaders(type: string, fileName?: string): Record<string, string> {
  return {
    "content-type": type,
    // What it says changes with the machine.
    "cache-control": "no-cache",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    ...(fileName !== undefined && { "content-disposition": `attachment; filename="${fileName}"` }),
  };
}
