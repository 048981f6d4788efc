/**
 * A name's addresses in the order they are tried: families take turns, beginning with that of the first (RFC 8305 §4, with a
 * "First Address Family Count" of 1). Within a family the resolver's order stays. One broken family costs one delay only.
 *
 * @example
 * inTurns(["2001:db8::1", "2001:db8::2", "192.0.2.1"]); // ["2001:db8::1", "192.0.2.1", "2001:db8::2"]
 */
export function inTurns(addresses: readonly string[]): string[] {
  const isFirstFamily = (address: string) => address.includes(":") === addresses[0]!.includes(":");
  const unique = [...new Set(addresses)];
  const families = [unique.filter(isFirstFamily), unique.filter((address) => !isFirstFamily(address))];
  const longest = Math.max(...families.map((family) => family.length));
  return Array.from({ length: longest }, (_, turn) =>
    families.flatMap((family) => family.slice(turn, turn + 1)),
  ).flat();
}
