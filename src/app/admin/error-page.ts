import { escapeHtml, staticPage } from "./static-page.ts";

/** Returns the page for an error response: what was wrong and what to do, with the same code and headers. */
export async function errorPage(response: Response, path: string): Promise<Response> {
  const { error, hint } = (await response.json()) as { readonly error: string; readonly hint?: string };
  const headers = Object.fromEntries(
    KEPT_HEADERS.flatMap((name) => {
      const value = response.headers.get(name);
      return value === null ? [] : [[name, value] as const];
    }),
  );
  const root = rootOf(path);
  const link =
    response.status === 401 ? `<a href="${root}login">Log in</a>` : `<a href="${root}">The page of this box</a>`;
  // Under a host name that is not allowed, no other page could be reached either.
  const links = response.status === 421 ? "" : `<p>${link}</p>\n`;
  const body = `<h2 role="alert">${sentence(error)}</h2>
${hint === undefined ? "" : `<p>${sentence(hint)}.</p>\n`}${links}`;
  return staticPage({ code: response.status, title: error, body, headers });
}

const KEPT_HEADERS = ["allow", "retry-after", "www-authenticate"];

/** Returns the relative path to the root, `../` for each folder: only a proxy knows the base path in front. */
export function rootOf(path: string): string {
  const depth = path.split("/").length - 2;
  return depth <= 0 ? "./" : "../".repeat(Math.min(depth, 50));
}

/** Begins with a capital letter, and shows text in backticks as code. */
function sentence(text: string): string {
  const html = escapeHtml(text).replace(/`([^`]*)`/g, "<code>$1</code>");
  return html.charAt(0).toUpperCase() + html.slice(1);
}
