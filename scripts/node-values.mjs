// Values that JSON does not have, for the messages between Node and Bun: bytes and numbers without end.

/** @param {unknown} value */
export function encode(value) {
  return JSON.stringify(value, function (key, plain) {
    // Before its toJSON, which a Buffer has.
    const given = this[key];
    if (given instanceof Uint8Array) return { $bytes: Buffer.from(given).toString("base64") };
    if (typeof plain === "number" && !Number.isFinite(plain)) return { $number: String(plain) };
    return plain;
  });
}

/** @param {string} text */
export function decode(text) {
  return JSON.parse(text, (_, value) => {
    if (typeof value?.$bytes === "string") return new Uint8Array(Buffer.from(value.$bytes, "base64"));
    return typeof value?.$number === "string" ? Number(value.$number) : value;
  });
}
