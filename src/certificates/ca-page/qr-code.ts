import { generate } from "lean-qr";

/** Modules of white around a code, which readers need (ISO/IEC 18004 §5.3.8). */
const QUIET = 4;
/** More does not fit into a code that a phone reads off a screen. */
const MAX_CHARACTERS = 500;

/**
 * Draws a text as a QR code: one SVG path, black on white whatever the page's colours.
 *
 * @throws {RangeError} for more than 500 characters
 */
export function qrCodeSvg(text: string): string {
  if (text.length > MAX_CHARACTERS) throw new RangeError(`Cannot draw ${text.length} characters as a QR code`);
  const code = generate(text);
  const side = code.size + 2 * QUIET;
  let path = "";
  for (let y = 0; y < code.size; y++) {
    for (let x = 0; x < code.size; ) {
      let end = x;
      while (end < code.size && code.get(end, y)) end += 1;
      if (end > x) path += `M${x + QUIET} ${y + QUIET}h${end - x}v1h${x - end}z`;
      x = end + 1;
    }
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${side}v${side}h-${side}z"/><path d="${path}"/></svg>\n`;
}
