/** Returns a name that every file system takes: `tenk-cpu-by-mode-2026-11-30T23-12.csv`. */
export function fileName(title: string, ending: string, now = new Date()): string {
  const words = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 60);
  return `tenk-${words || "chart"}-${now.toISOString().slice(0, 16).replace(":", "-")}.${ending}`;
}
