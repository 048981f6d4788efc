/** Decoders of remote write, written from the formats' own descriptions, without tenk's code. */

/** Snappy's block format. */
export function unsnappy(bytes: Uint8Array): Uint8Array {
  let at = 0;
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++]!;
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  const out = new Uint8Array(length);
  let to = 0;
  while (at < bytes.length) {
    const tag = bytes[at++]!;
    const high = tag >> 2;
    const kind = tag & 3;
    if (kind === 0) {
      const more = Math.max(0, high - 59);
      let count = more === 0 ? high : 0;
      for (let index = 0; index < more; index++) count += bytes[at++]! * 256 ** index;
      count += 1;
      if (to + count > length || at + count > bytes.length) throw new Error("literal beyond the end");
      out.set(bytes.subarray(at, at + count), to);
      at += count;
      to += count;
      continue;
    }
    const count = kind === 1 ? (high & 7) + 4 : high + 1;
    const offset = kind === 1 ? ((tag >> 5) << 8) | bytes[at++]! : bytes[at++]! | (bytes[at++]! << 8);
    if (kind === 3 || offset === 0 || offset > to || to + count > length) throw new Error("copy of nothing");
    for (let index = 0; index < count; index++, to++) out[to] = out[to - offset]!;
  }
  if (to !== length) throw new Error(`${to} bytes instead of ${length}`);
  return out;
}

/** A protobuf message: its fields in order, by number. */
export function protobuf(bytes: Uint8Array): [number: number, value: number | Uint8Array][] {
  const fields: [number, number | Uint8Array][] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error("a number has no end");
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const kind = tag & 7;
    if (kind === 0) fields.push([tag >> 3, varint()]);
    else {
      const length = kind === 1 ? 8 : kind === 2 ? varint() : Number.NaN;
      if (!(at + length <= bytes.length)) throw new Error(`field ${tag >> 3} of kind ${kind} beyond the end`);
      fields.push([tag >> 3, bytes.slice(at, at + length)]);
      at += length;
    }
  }
  return fields;
}

export interface ReadSeries {
  readonly labels: readonly (readonly [string, string])[];
  readonly values: readonly number[];
  /** The values' bits, as hexadecimal digits. */
  readonly bits: readonly string[];
  readonly times: readonly number[];
}

/** The message of a request's body, already without Snappy. */
export function readWriteRequest(bytes: Uint8Array): ReadSeries[] {
  const text = (value: unknown) => Buffer.from(value as Uint8Array).toString("utf8");
  const double = (value: unknown) => new DataView((value as Uint8Array).slice().buffer);
  return protobuf(new Uint8Array(bytes)).map(([, series]) => {
    const fields = protobuf(series as Uint8Array);
    const labels = fields.filter(([number]) => number === 1).map(([, label]) => protobuf(label as Uint8Array));
    const samples = fields
      .filter(([number]) => number === 2)
      .map(([, sample]) => new Map(protobuf(sample as Uint8Array)));
    return {
      labels: labels.map((pair) => [text(pair[0]![1]), text(pair[1]![1])] as const),
      values: samples.map((sample) => double(sample.get(1)).getFloat64(0, true)),
      bits: samples.map((sample) => double(sample.get(1)).getBigUint64(0, true).toString(16)),
      times: samples.map((sample) => sample.get(2) as number),
    };
  });
}
