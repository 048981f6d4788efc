/** Parses TOML. @throws {SyntaxError | RangeError} */
export function parseToml(text: string): Record<string, unknown> {
  return Bun.TOML.parse(text) as Record<string, unknown>;
}
