import type { FamilyBuilder } from "../family-builder.ts";

/** Labels with their fields, in the order of the labels. */
const LABELS = [
  ["build_id", "BUILD_ID"],
  ["id", "ID"],
  ["id_like", "ID_LIKE"],
  ["image_id", "IMAGE_ID"],
  ["image_version", "IMAGE_VERSION"],
  ["name", "NAME"],
  ["pretty_name", "PRETTY_NAME"],
  ["variant", "VARIANT"],
  ["variant_id", "VARIANT_ID"],
  ["version", "VERSION"],
  ["version_codename", "VERSION_CODENAME"],
  ["version_id", "VERSION_ID"],
] as const;

/**
 * Parses /etc/os-release: shell assignments, quoted or not (os-release(5)).
 *
 * @example
 * parseOsRelease('ID=debian\nNAME="Debian GNU/Linux"').get("NAME"); // "Debian GNU/Linux"
 */
export function parseOsRelease(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const match = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*?)\s*$/.exec(line);
    if (match) fields.set(match[1]!, unquoted(match[2]!));
  }
  return fields;
}

function unquoted(text: string): string {
  const inSingle = /^'(.*)'$/.exec(text);
  if (inSingle) return inSingle[1]!;
  return (/^"(.*)"$/.exec(text)?.[1] ?? text).replace(/\\(["\\$`])/g, "$1");
}

export function addOs(builder: FamilyBuilder, fields: ReadonlyMap<string, string>): void {
  const labels = Object.fromEntries(LABELS.map(([label, field]) => [label, fields.get(field) ?? ""]));
  const names = LABELS.map(([label]) => label).join(", ");
  builder.add("gauge", "node_os_info", `A metric with a constant '1' value labeled by ${names}.`, 1, labels);
  const version = /^\d+(\.\d+)?/.exec(fields.get("VERSION_ID") ?? "")?.[0];
  if (version === undefined) return;
  builder.add(
    "gauge",
    "node_os_version",
    "Metric containing the major.minor part of the OS version.",
    Number(version),
    {
      id: fields.get("ID") ?? "",
      id_like: fields.get("ID_LIKE") ?? "",
      name: fields.get("NAME") ?? "",
    },
  );
}
