import { createHash } from "node:crypto";
import { brotliCompressSync, brotliDecompressSync, constants, gzipSync } from "node:zlib";
import { type Bundle, bundlePage } from "./bundle.ts";

// `npm run build` replaces them by what `packedPage` returns; from source they do not exist.
declare const TENK_PAGE: string | undefined;
declare const TENK_PAGE_REPORT: string | undefined;

/** One file of the page, ready to be sent. */
export interface Asset {
  /** For the header `content-type`. */
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same bytes for who accepts `content-encoding: gzip`. */
  readonly gzip: Uint8Array<ArrayBuffer>;
  /** Its path names its content: it may be kept for good. What is not must be asked for again each time. */
  readonly isForever: boolean;
}

/** By path: `/` is the page itself. */
export type PageAssets = ReadonlyMap<string, Asset>;

let made: Promise<PageAssets> | undefined;
let read: Promise<Bundle> | undefined;

/**
 * The files of the page: those the executable carries, or, from source, made of it at the first call (about half a second).
 * The page asks for nothing but them, `/api/…` and `/metrics`.
 *
 * @throws {Error} from source, with what the bundler said; the next call tries again
 */
export function pageAssets(): Promise<PageAssets> {
  made ??= pageBundle().then(assetsOf);
  made.catch(() => {
    made = undefined;
  });
  return made;
}

/** The page's parts as text: carried by the executable, else made of the source once. */
export function pageBundle(): Promise<Bundle> {
  if (typeof TENK_PAGE === "string" && typeof TENK_PAGE_REPORT === "string") {
    return Promise.resolve({ ...unpacked(TENK_PAGE), ...unpacked(TENK_PAGE_REPORT) } as Bundle);
  }
  read ??= bundlePage();
  read.catch(() => {
    read = undefined;
  });
  return read;
}

/** The page as words of the compiler, which an executable carries: in two, because a word has at most 128 KiB. */
export async function packedPage(): Promise<Readonly<Record<string, string>>> {
  const { report, ...page } = await bundlePage();
  return { TENK_PAGE: packed(page), TENK_PAGE_REPORT: packed({ report }) };
}

function packed(parts: Partial<Bundle>): string {
  return brotliCompressSync(JSON.stringify(parts)).toString("base64");
}

function unpacked(text: string): Partial<Bundle> {
  return JSON.parse(brotliDecompressSync(Buffer.from(text, "base64")).toString());
}

const HTML = "text/html; charset=utf-8";
const SCRIPT = "text/javascript; charset=utf-8";

function assetsOf({ html, icon, style, theme, script }: Bundle): PageAssets {
  const files = [
    { mark: "STYLE", name: "style", ending: "css", type: "text/css; charset=utf-8", text: style },
    { mark: "THEME", name: "theme", ending: "js", type: SCRIPT, text: theme },
    { mark: "SCRIPT", name: "page", ending: "js", type: SCRIPT, text: script },
  ].map((file) => ({ ...file, path: `/assets/${file.name}-${digest(file.text)}.${file.ending}` }));
  const iconPath = "/assets/icon.svg";
  const page = [...files, { mark: "ICON", path: iconPath }].reduce(
    // Relative: below whatever path a proxy has put the box.
    (text, { mark, path }) => text.replace(`"${mark}"`, `"${path.slice(1)}"`),
    html,
  );
  return new Map([
    ["/", asset(HTML, page, false)],
    [iconPath, asset("image/svg+xml", icon, false)],
    ...files.map(({ path, type, text }) => [path, asset(type, text, true)] as const),
  ]);
}

function asset(type: string, text: string, isForever: boolean): Asset {
  const bytes = Buffer.from(text);
  return {
    type,
    bytes: new Uint8Array(bytes),
    gzip: new Uint8Array(gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION })),
    isForever,
  };
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
