/** Appends a key to a dotted path; a key that contains a dot is quoted: `tcp.a.tls.names."git.home.arpa".cert`. */
export function keyBelow(prefix: string, key: string): string {
  const part = key.includes(".") ? JSON.stringify(key) : key;
  return prefix === "" ? part : `${prefix}.${part}`;
}

export function keyOfPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((prefix, key) => keyBelow(prefix, String(key)), "");
}

/** Returns the keys of a dotted path, which `keyBelow` made. */
export function pathOfKey(key: string): string[] {
  return (key.match(/"(?:[^"\\]|\\.)*"|[^.]+/g) ?? []).map((part) => (part.startsWith('"') ? JSON.parse(part) : part));
}
