/** Where each named field of a row of numbers begins, and how long the row is. */
export interface CountLayout<Name extends string> {
  readonly places: Readonly<Record<Name, number>>;
  /** A multiple of 8: rows of doubles that follow each other never share a cache line. */
  readonly length: number;
}

const CACHE_LINE = 8;

/**
 * Lays fields out one after the other, so that none can overwrite another however many slots it gains.
 *
 * @param sizes slots of each field; whole numbers, at least 1
 * @example
 * countLayout({ open: 1, closed: 25, failed: 1 }); // { places: { open: 0, closed: 1, failed: 26 }, length: 32 }
 */
export function countLayout<Name extends string>(sizes: Readonly<Record<Name, number>>): CountLayout<Name> {
  const places = {} as Record<Name, number>;
  let end = 0;
  for (const name of Object.keys(sizes) as Name[]) {
    places[name] = end;
    end += sizes[name];
  }
  return { places, length: Math.ceil(end / CACHE_LINE) * CACHE_LINE };
}
