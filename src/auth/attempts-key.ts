/**
 * Returns the key under which login attempts are counted: the address, or an IPv6 address's /64, which usually is one customer's.
 *
 * @example
 * attemptsKey("2001:db8:1:2:3::4"); // "2001:db8:1:2::/64"
 */
export function attemptsKey(address: string): string {
  const [text = ""] = address.toLowerCase().split("%");
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (mapped) return mapped[1]!;
  if (!text.includes(":")) return text;
  const [head = "", tail = ""] = text.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (text.includes("::")) {
    const after = tail === "" ? [] : tail.split(":");
    while (groups.length + after.length < 8) groups.push("0");
    groups.push(...after);
  }
  return `${groups.slice(0, 4).join(":")}::/64`;
}
