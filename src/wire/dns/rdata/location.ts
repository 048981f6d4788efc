import { readUint32 } from "../integers.ts";

/** LOC (RFC 1876): version, three sizes of a digit and a power of ten, latitude, longitude, altitude. */
export const LOCATION_BYTES = 16;

const EQUATOR = 2 ** 31;
const MS_A_DEGREE = 3_600_000;
/** Altitudes count from 100 km below the sea, in cm. */
const DEPTH_CM = 10_000_000;
const DEFAULT_SIZES = [0x12, 0x16, 0x13] as const;

/** Only version 0 is defined; its angles end at the poles and at the other side. */
export function isLocationSound(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== 0) return false;
  for (let place = at + 1; place < at + 4; place++)
    if (bytes[place]! >> 4 > 9 || (bytes[place]! & 15) > 9) return false;
  const latitude = readUint32(bytes, at + 4) - EQUATOR;
  const longitude = readUint32(bytes, at + 8) - EQUATOR;
  return Math.abs(latitude) <= 90 * MS_A_DEGREE && Math.abs(longitude) <= 180 * MS_A_DEGREE;
}

/** @example locationText(bytes, 0); // "51 30 12.748 N 0 7 39.612 W 0.00m 1m 10000m 10m" */
export function locationText(bytes: Uint8Array, at: number): string {
  const latitude = angleText(readUint32(bytes, at + 4) - EQUATOR, "N", "S");
  const longitude = angleText(readUint32(bytes, at + 8) - EQUATOR, "E", "W");
  const altitude = metresText(readUint32(bytes, at + 12) - DEPTH_CM, 2);
  const sizes = [1, 2, 3].map((place) => {
    const cm = (bytes[at + place]! >> 4) * 10 ** (bytes[at + place]! & 15);
    return metresText(cm, cm % 100 === 0 ? 0 : 2);
  });
  return [latitude, longitude, altitude, ...sizes].join(" ");
}

function angleText(value: number, positive: string, negative: string): string {
  const ms = Math.abs(value);
  const degrees = Math.floor(ms / MS_A_DEGREE);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = (ms % 60_000) / 1000;
  return `${degrees} ${minutes} ${seconds.toFixed(3)} ${value < 0 ? negative : positive}`;
}

function metresText(cm: number, digits: number): string {
  return `${(cm / 100).toFixed(digits)}m`;
}

/** Parses the words of a location, of which minutes, seconds and sizes may be missing; undefined where they are none. */
export function parseLocation(words: readonly string[]): number[] | undefined {
  let at = 0;
  const angle = (positive: string, negative: string, maxDegrees: number): number | undefined => {
    const end = words.findIndex((word, index) => index >= at && [positive, negative].includes(word.toUpperCase()));
    const parts = words.slice(at, end);
    if (end < 0 || parts.length < 1 || parts.length > 3) return undefined;
    const isNegative = words[end]!.toUpperCase() === negative;
    at = end + 1;
    const [degrees = "", minutes = "0", seconds = "0"] = parts;
    if (!/^\d{1,3}$/.test(degrees) || !/^[0-5]?\d$/.test(minutes) || !/^[0-5]?\d(\.\d{1,3})?$/.test(seconds)) {
      return undefined;
    }
    const ms = Number(degrees) * MS_A_DEGREE + Number(minutes) * 60_000 + Math.round(Number(seconds) * 1000);
    return ms <= maxDegrees * MS_A_DEGREE ? EQUATOR + (isNegative ? -ms : ms) : undefined;
  };
  const latitude = angle("N", "S", 90);
  const longitude = latitude === undefined ? undefined : angle("E", "W", 180);
  if (latitude === undefined || longitude === undefined) return undefined;
  const metres = words
    .slice(at)
    .map((word) => (/^-?\d{1,8}(\.\d{1,2})?m?$/.test(word) ? Number.parseFloat(word) : Number.NaN));
  const [altitude, ...sizes] = metres;
  if (altitude === undefined || sizes.length > 3 || metres.some(Number.isNaN)) return undefined;
  const altitudeCm = Math.round(altitude * 100) + DEPTH_CM;
  const sizeBytes = DEFAULT_SIZES.map((size, index) => (sizes[index] === undefined ? size : sizeByte(sizes[index])));
  if (altitudeCm < 0 || altitudeCm > 0xffffffff || sizeBytes.some((size) => size < 0)) return undefined;
  return [0, ...sizeBytes, ...[latitude, longitude, altitudeCm].flatMap(uint32Bytes)];
}

/** A digit and a power of ten, in cm; what does not fit is rounded down, as everywhere. */
function sizeByte(metres: number): number {
  let cm = Math.round(metres * 100);
  let power = 0;
  for (; cm > 9; power++) cm = Math.floor(cm / 10);
  return metres < 0 || power > 9 ? -1 : (cm << 4) | power;
}

function uint32Bytes(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}
