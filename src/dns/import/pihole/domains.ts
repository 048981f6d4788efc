/** `(\.|^)example\.com$`, which Pi-hole writes for a name and all below it. */
const WILDCARD = /^\(\\\.\|\^\)((?:[a-z0-9_-]+\\\.)+[a-z0-9-]+)\$$/i;
const NAME = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;
/** Replies of `;reply=` that a rewrite can give. */
const REPLIES: Readonly<Record<string, string>> = { NXDOMAIN: "NXDOMAIN", NODATA: "NOERROR", REFUSED: "REFUSED" };

/**
 * Returns an entry of Pi-hole's domains as a rule of adblock syntax, for the named clients alone, or for all but those with a `~`. Options of a regular expression stand behind it:
 * `;querytype=AAAA`, `;reply=NXDOMAIN`, `;invert`.
 */
export function ruleOf(
  text: string,
  isAllow: boolean,
  isRegex: boolean,
  clients: readonly string[],
): string | { readonly problem: string } {
  const start = isAllow ? "@@" : "";
  const onClients = clients.length === 0 ? [] : [`client=${clients.join("|")}`];
  if (!isRegex) {
    const name = text.toLowerCase().replace(/\.$/, "");
    return NAME.test(name) ? withModifiers(`${start}|${name}^`, onClients) : { problem: "it is no name" };
  }
  const [source = "", ...options] = text.split(/;(?=querytype=|reply=|invert\b)/);
  const modifiers: string[] = [];
  for (const option of options) {
    const modifier = modifierOf(option);
    if (typeof modifier !== "string") return modifier;
    modifiers.push(modifier);
  }
  const [, wildcard] = WILDCARD.exec(source) ?? [];
  const pattern = wildcard === undefined ? `/${source}/` : `||${wildcard.replaceAll("\\.", ".").toLowerCase()}^`;
  return withModifiers(start + pattern, [...modifiers, ...onClients]);
}

function withModifiers(pattern: string, modifiers: readonly string[]): string {
  return modifiers.length === 0 ? pattern : `${pattern}$${modifiers.join(",")}`;
}

function modifierOf(option: string): string | { readonly problem: string } {
  const [, name, value = ""] = /^(\w+)(?:=(.*))?$/.exec(option) ?? [];
  if (name === "querytype") {
    const isNegated = value.startsWith("!");
    const types = value.replace(/^!/, "").split(",");
    return `dnstype=${types.map((type) => `${isNegated ? "~" : ""}${type.trim()}`).join("|")}`;
  }
  if (name === "reply") {
    const reply = Object.hasOwn(REPLIES, value) ? REPLIES[value] : undefined;
    if (reply !== undefined) return `dnsrewrite=${reply}`;
    if (/^[0-9a-f.:]+$/i.test(value)) return `dnsrewrite=${value}`;
    return { problem: `reply=${value} has no counterpart` };
  }
  return { problem: `${option} has no counterpart` };
}
