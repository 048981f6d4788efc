import { createHash } from "node:crypto";
import { pageBundle } from "./assets.ts";
import type { RunReport, RunSeries } from "./run.ts";

export interface ReportPageOptions {
  /** When the run began, milliseconds since 1970. */
  readonly startedAt: number;
}

/**
 * A run as one HTML file that needs nothing else: its report and the same charts as the dashboard. Its policy allows
 * the one script and the one style sheet inside it, by their hashes, and no connection to anywhere.
 *
 * @param series the run's course: `runSeries(snapshots)`
 * @throws {Error} from source, with the bundler's message
 */
export async function reportHtml(
  report: RunReport,
  series: RunSeries,
  { startedAt }: ReportPageOptions,
): Promise<string> {
  const { style, report: script } = await pageBundle();
  const data = JSON.stringify({ id: "file", startedAt, report, series });
  // Neither text may end its element early, and nothing may follow `<` that an HTML parser reads.
  const [safeScript, safeStyle] = [
    script.replace(/<(?=\/script|!--)/gi, "\\x3C"),
    style.replace(/<(?=\/style)/gi, "\\3C "),
  ];
  const policy = [
    "default-src 'none'",
    `script-src '${hash(safeScript)}'`,
    `style-src '${hash(safeStyle)}'`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="content-security-policy" content="${policy}">
<title>${escaped(`${report.target} · ${report.verdict.pass ? "passed" : "failed"} · tenk`)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<style>${safeStyle}</style>
</head>
<body>
<div id="app"></div>
<script type="application/json" id="data">${data.replace(/</g, "\\u003c")}</script>
<script>${safeScript}</script>
</body>
</html>
`;
}

function hash(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

function escaped(text: string): string {
  return text.replace(/[<>&"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
