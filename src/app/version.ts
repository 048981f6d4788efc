import { version } from "../../package.json" with { type: "json" };

// `npm run build` replaces these two by text; from source they do not exist.
declare const TENK_VERSION: string | undefined;
declare const TENK_COMMIT: string | undefined;

/** The version, as in package.json. */
export const VERSION: string = typeof TENK_VERSION === "string" ? TENK_VERSION : version;

/** The commit an executable was built from, or `source` in a checkout. */
export const COMMIT: string = typeof TENK_COMMIT === "string" ? TENK_COMMIT : "source";
