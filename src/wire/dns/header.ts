/**
 * The header of a message (RFC 1035 §4.1.1):
 *
 * ```text
 *   0    2       4           6         8           10           12
 *   │ id │ flags │ questions │ answers │ authority │ additional │
 * ```
 */
export const QUESTIONS_AT = 4;
export const ANSWERS_AT = 6;
export const AUTHORITY_AT = 8;
export const ADDITIONAL_AT = 10;

/** Bits of the flags. */
export const Flag = {
  response: 0x8000,
  authoritative: 0x0400,
  truncated: 0x0200,
  recursionDesired: 0x0100,
  recursionAvailable: 0x0080,
  authenticData: 0x0020,
  checkingDisabled: 0x0010,
} as const;

export const OPCODE_MASK = 0x7800;
export const RCODE_MASK = 0x000f;

export function opcodeOf(flags: number): number {
  return (flags & OPCODE_MASK) >> 11;
}

/** Response codes (IANA). Those from 16 on have their upper bits in an OPT record. */
export const Rcode = {
  noError: 0,
  formErr: 1,
  servFail: 2,
  nxDomain: 3,
  notImp: 4,
  refused: 5,
  yxDomain: 6,
  yxRrset: 7,
  nxRrset: 8,
  notAuth: 9,
  notZone: 10,
  dsoTypeNi: 11,
  badVers: 16,
  badKey: 17,
  badTime: 18,
  badMode: 19,
  badName: 20,
  badAlg: 21,
  badTrunc: 22,
  badCookie: 23,
} as const;

const RCODE_NAMES = new Map<number, string>(Object.entries(Rcode).map(([name, code]) => [code, name.toUpperCase()]));

/** Returns the name of a response code as `dig` writes it (`NXDOMAIN`); `RCODE12` for one that has none. */
export function rcodeName(rcode: number): string {
  return RCODE_NAMES.get(rcode) ?? `RCODE${rcode}`;
}
