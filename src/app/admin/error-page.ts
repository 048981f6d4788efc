import { escapeHtml, staticPage } from "./static-page.ts";

/** The page of a refusal: what was wrong and what to do, with the same code and headers. */
export async function errorPage(refused: Response, path: string): Promise<Response> {
  const { error, hint } = (await refused.json()) as { readonly error: string; readonly hint?: string };
  const headers = Object.fromEntries(
    KEPT.flatMap((name) => {
      const value = refused.headers.get(name);
      return value === null ? [] : [[name, value] as const];
    }),
  );
  const root = rootOf(path);
  const link =
    refused.status === 401 ? `<a href="${root}login">Log in</a>` : `<a href="${root}">The page of this box</a>`;
  const way = refused.status === 421 ? "" : `<p>${link}</p>\n`;
  const body = `<h2 role="alert">${sentence(error)}</h2>
${hint === undefined ? "" : `<p>${sentence(hint)}</p>\n`}${way}`;
  return staticPage({ code: refused.status, title: error, body, headers });
}

const KEPT = ["allow", "retry-after", "www-authenticate"];

/** `../` for each folder that a path is in: what is in front of it is known to a proxy alone. */
export function rootOf(path: string): string {
  const depth = path.split("/").length - 2;
  return depth <= 0 ? "./" : "../".repeat(Math.min(depth, 50));
}

/** What stands between backticks is to be typed as it is. */
function sentence(text: string): string {
  const html = escapeHtml(text).replace(/`([^`]*)`/g, "<code>$1</code>");
  return html.charAt(0).toUpperCase() + html.slice(1);
}
