import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface Locked {
  readonly packages: Readonly<
    Record<
      string,
      { readonly version?: string; readonly license?: string; readonly dev?: boolean; readonly optional?: boolean }
    >
  >;
}

/** Returns the licence of tenk, and of each package whose code is in the executable. @param root the folder of package.json */
export function copyright(root: string): string {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as Locked;
  const parts = Object.entries(packages)
    .filter(([path, { dev, optional }]) => path !== "" && dev !== true && optional !== true)
    .map(([path, { version, license }]) => {
      const file = join(root, path, "LICENSE");
      const name = path.slice("node_modules/".length);
      const own = existsSync(file) ? readFileSync(file, "utf8").trim() : NOTES[name];
      const text = license === "Apache-2.0" ? COMMON : own;
      return `${name} ${version} (${license})\n\n${text ?? "Its licence is known by that name."}\n`;
    });
  const own = readFileSync(join(root, "LICENSE"), "utf8").trim();
  return [`${own}\n`, "The executable includes the packages below.\n", ...parts].join(`\n${"-".repeat(78)}\n\n`);
}

/** Debian's policy: no copy of what every system has. */
const COMMON = "The text of this licence is in /usr/share/common-licenses/Apache-2.0.";

const NOTES: Readonly<Record<string, string>> = {
  bun: "The runtime. Copyright (c) Oven and contributors. It links JavaScriptCore and WebKit's WTF, which are under the\nLGPL-2, see /usr/share/common-licenses/LGPL-2, and further libraries that its documentation lists.",
};
