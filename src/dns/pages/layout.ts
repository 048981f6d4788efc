/**
 * Where things are in the shared memory. All numbers are 32 bits in the machine's order.
 *
 *     header │ slots of readers │ table: 4096 × offset of a page │ page of single labels │ pages …
 *
 * A name's page is the one that the table has at the first 12 bits of its `siteHash`. Where there are fewer pages than that,
 * neighbouring entries of the table are equal; so the number of pages can change page by page, while others read.
 *
 * A page never changes once the table has it:
 *
 *     names, filter words, sets, bytes │ filter │ sets: mask, flags │ offset of each block │ blocks of 8 names
 *
 * A name is stored with its letters in reverse, `moc.elpmaxe`, without what it shares with the name before it in its block:
 *
 *     shared letters (not in a block's first) │ length of the rest × 2 + 1 if a set follows │ set │ the rest
 *
 * A set says which lists have the name, as what: pairs of the flags of an entry and a mask of lists.
 */
export const TABLE_BITS = 12;
export const TABLE_SIZE = 1 << TABLE_BITS;

/** Words of the header. */
export const SEED = 0;
export const EPOCH = 1;
/** Offset of the page of names with one label, 0 where there is none. */
export const TOP_PAGE = 2;
const HEADER_WORDS = 16;

/** Threads that may read. Each has its slot on a cache line of its own. */
export const MAX_READERS = 32;
export const SLOT_WORDS = 16;
export const SLOTS = HEADER_WORDS;
export const TABLE = SLOTS + MAX_READERS * SLOT_WORDS;
/** Where pages begin, in bytes. */
export const PAGES = (TABLE + TABLE_SIZE) * 4;

/** Words of a page. */
export const PAGE_NAMES = 0;
export const PAGE_FILTER = 1;
/**
 * Number of set records, in 16 bits; then the highest rank of an entry in two; the sign bit is set where the offsets of blocks have
 * four bytes instead of two.
 */
export const PAGE_SETS = 2;
export const SETS_MASK = 0xffff;
export const RANK_SHIFT = 16;
export const PAGE_BYTES = 3;
export const PAGE_HEADER = 4;

/** Names of a block, as a power of two. */
export const BLOCK_SHIFT = 3;
export const BLOCK_NAMES = 1 << BLOCK_SHIFT;
/** In the flags of a set's record: another record follows. */
export const MORE = 8;
/** A length of a name's rest, and a set's number, from which on they are written with more bytes. */
export const LONG_REST = 127;
export const LONG_SET = 255;
