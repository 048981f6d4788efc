import { createHash } from "node:crypto";
import { HTML, respond, SECURITY_HEADERS } from "./response.ts";

export interface StaticPage {
  readonly code: number;
  readonly title: string;
  /** HTML. Text of others must go through `escapeHtml` first. */
  readonly body: string;
  /** The browser goes there at once. */
  readonly redirectTo?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Returns a page without scripts and files, since neither may be reachable under a wrong name or path. It has the dashboard's
 * colours.
 */
export function staticPage({ code, title, body, redirectTo, headers = {} }: StaticPage): Response {
  const refresh =
    redirectTo === undefined ? "" : `<meta http-equiv="refresh" content="0; url=${escapeHtml(redirectTo)}">\n`;
  const text = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${refresh}<title>${escapeHtml(title)} · tenk</title>
<link rel="icon" href="${ICON_URL}" type="image/svg+xml">
<style>${PAGE_STYLE}</style>
<main>
<h1><img src="${ICON_URL}" alt="" width="20" height="20"> tenk</h1>
${body}
</main>
</html>
`;
  return respond(code, HTML, text, { "content-security-policy": POLICY, ...headers });
}

/** Escapes text for HTML, in elements and attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><rect width="20" height="20" rx="4.5" fill="#0b7285"/><path d="M3.5 14.5h2.5l2-5 3 3.2 2.4-7.7 1.1 3.5h2" fill="none" stroke="#fff" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
const ICON_URL = `data:image/svg+xml,${encodeURIComponent(ICON)}`;

/** The colours are those of `dash/page/style/base.css`; a test compares them. */
export const PAGE_STYLE = `:root { --page: #f3f4f6; --panel: #ffffff; --line: #e1e5e9; --edge: #808a95; --text: #15191e; --muted: #5d6772; --accent: #0b7285; --on-accent: #ffffff; --bad: #b42525; color-scheme: light dark; font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; background: var(--page); color: var(--text); }
@media (prefers-color-scheme: dark) { :root { --page: #0e1216; --panel: #161b21; --line: #262e37; --edge: #66727f; --text: #e8ecf0; --muted: #94a1ae; --accent: #3fc1d8; --on-accent: #062127; --bad: #ff8080; } }
* { box-sizing: border-box; }
body { display: grid; place-items: center; min-height: 100vh; margin: 0; }
main { width: min(26rem, 100vw - 32px); margin: 16px; padding: 20px 24px; background: var(--panel); border: 1px solid var(--line); border-radius: 10px; overflow-wrap: anywhere; }
h1 { display: flex; align-items: center; gap: 8px; margin: 0 0 16px; font-size: 1.08rem; font-weight: 700; }
h2 { margin: 0 0 8px; font-size: 1.08rem; font-weight: 650; }
p { margin: 8px 0 0; color: var(--muted); }
a { color: var(--accent); }
code { color: var(--text); font: .93em ui-monospace, "DejaVu Sans Mono", monospace; }
label { display: block; font-weight: 600; }
input, button { width: 100%; min-height: 40px; margin: 6px 0; padding: 4px 12px; font: inherit; color: var(--text); background: var(--panel); border: 1px solid var(--edge); border-radius: 7px; }
button { color: var(--on-accent); background: var(--accent); border-color: transparent; font-weight: 600; cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
[role="alert"] { margin: 0 0 12px; color: var(--bad); }
`;

const styleDigest = createHash("sha256").update(PAGE_STYLE).digest("base64");
const POLICY = SECURITY_HEADERS["content-security-policy"]!.replace(
  "style-src 'self'",
  `style-src 'sha256-${styleDigest}'`,
);
