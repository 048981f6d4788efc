/** Data of records: their layouts, checked, copied, and as text. */
export { bitmapTypes } from "./bitmap.ts";
export { isRdataSound } from "./check.ts";
export { hexText } from "./encodings.ts";
export { endOfField } from "./fields.ts";
export { Field, type Layout, layoutOf } from "./layout.ts";
export { findParameter, PARAMETER_HEAD_BYTES, SvcKey } from "./parameters.ts";
export { parseRdata } from "./parse.ts";
export { rdataText } from "./text.ts";
export { quoted } from "./words.ts";
