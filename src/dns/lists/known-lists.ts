import { nearest, TenkError } from "../../base/mod.ts";

const GITHUB = "https://raw.githubusercontent.com";
const HAGEZI = `${GITHUB}/hagezi/dns-blocklists/main/adblock`;

/** Public lists that have a name of their own in the configuration. */
export const KNOWN_LISTS: Readonly<Record<string, string>> = {
  stevenblack: `${GITHUB}/StevenBlack/hosts/master/hosts`,
  "hagezi-light": `${HAGEZI}/light.txt`,
  hagezi: `${HAGEZI}/multi.txt`,
  "hagezi-pro": `${HAGEZI}/pro.txt`,
  "hagezi-pro-plus": `${HAGEZI}/pro.plus.txt`,
  "hagezi-ultimate": `${HAGEZI}/ultimate.txt`,
  "hagezi-threats": `${HAGEZI}/tif.txt`,
  oisd: "https://big.oisd.nl",
  "oisd-small": "https://small.oisd.nl",
  "oisd-nsfw": "https://nsfw.oisd.nl",
  adguard: "https://adguardteam.github.io/AdGuardSDNSFilter/Filters/filter.txt",
  adaway: "https://adaway.org/hosts.txt",
  "peter-lowe": "https://pgl.yoyo.org/adservers/serverlist.php?hostformat=hosts&showintro=0&mimetype=plaintext",
  urlhaus: "https://malware-filter.gitlab.io/malware-filter/urlhaus-filter-agh.txt",
  "phishing-army": "https://phishing.army/download/phishing_army_blocklist_extended.txt",
};

/**
 * Returns the URL of a list that is written as a URL or as a known name.
 *
 * @throws {TenkError} `config`
 */
export function listUrl(text: string): string {
  const known = Object.hasOwn(KNOWN_LISTS, text) ? KNOWN_LISTS[text] : undefined;
  if (known !== undefined) return known;
  if (/^https?:\/\/[^\s/]/.test(text) && URL.canParse(text)) return text;
  const near = nearest(text, Object.keys(KNOWN_LISTS));
  throw new TenkError("config", `Cannot use ${JSON.stringify(text)} as a list: expected a URL or a known name`, {
    hint: near === undefined ? `known are ${Object.keys(KNOWN_LISTS).join(", ")}` : `did you mean ${near}?`,
  });
}
