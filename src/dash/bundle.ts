import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The files of the page as text, built from `page/`. */
export interface Bundle {
  readonly html: string;
  readonly icon: string;
  readonly style: string;
  /** Runs before the first paint. */
  readonly theme: string;
  readonly script: string;
  /** The script of a report as a file of its own. */
  readonly report: string;
}

const PAGE = fileURLToPath(new URL("./page/", import.meta.url));

/** Builds the page: about 0.2 s. @throws {Error} with the bundler's message */
export async function bundlePage(): Promise<Bundle> {
  const [style, theme, script, report] = await Promise.all(
    ["style.css", "theme.ts", "main.tsx", "runs/report-main.tsx"].map(bundled),
  );
  const html = readFileSync(`${PAGE}index.html`, "utf8");
  return {
    html,
    icon: readFileSync(`${PAGE}icon.svg`, "utf8"),
    style: style!,
    theme: theme!,
    script: script!,
    report: report!,
  };
}

async function bundled(entry: string): Promise<string> {
  const built = await Bun.build({
    entrypoints: [PAGE + entry],
    target: "browser",
    format: "iife",
    minify: true,
    define: { "process.env.NODE_ENV": '"production"' },
    throw: false,
  });
  const [output] = built.outputs;
  if (!built.success || output === undefined) throw new Error(`Cannot build ${entry}:\n${built.logs.join("\n")}`);
  return output.text();
}
