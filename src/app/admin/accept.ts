/**
 * Parses an `Accept` or `Accept-Encoding` header into names in lower case and weights (RFC 9110 §12.4.2). A malformed weight
 * counts as 0.
 *
 * @example
 * acceptWeights("gzip;q=0.5, br"); // Map { "gzip" → 0.5, "br" → 1 }
 */
export function acceptWeights(header: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const member of header.toLowerCase().split(",")) {
    const [name = "", ...parameters] = member.split(";").map((word) => word.trim());
    const weight = parameters.find((each) => /^q\s*=/.test(each))?.replace(/^q\s*=\s*/, "") ?? "1";
    if (name !== "") found.set(name, /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight) ? Number(weight) : 0);
  }
  return found;
}

/**
 * Returns the encoding that a client weighs highest, of two equal ones the first; undefined when the body is to be sent as it is.
 *
 * @param header `Accept-Encoding`; "" when the request has none
 * @example
 * chooseEncoding("gzip, br", ["br", "gzip"]); // "br"
 * chooseEncoding("*;q=0.1, identity", ["gzip"]); // undefined
 */
export function chooseEncoding<const Coding extends string>(
  header: string,
  codings: readonly Coding[],
): Coding | undefined {
  const weights = acceptWeights(header);
  const others = weights.get("*") ?? 0;
  let best: Coding | undefined;
  // Identity that is not named weighs less than any encoding that is.
  let bestWeight = weights.get("identity") ?? 0;
  for (const coding of codings) {
    const weight = weights.get(coding) ?? others;
    if (weight > bestWeight || (weight > 0 && weight === bestWeight && best === undefined)) {
      best = coding;
      bestWeight = weight;
    }
  }
  return best;
}

/** Returns whether the client is a browser: it names HTML, and weighs JSON no higher. Programs accept anything, or name JSON. */
export function prefersHtml(accept: string): boolean {
  const weights = acceptWeights(accept);
  const html = weights.get("text/html") ?? 0;
  return html > 0 && html >= (weights.get("application/json") ?? 0);
}
