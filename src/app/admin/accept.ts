/**
 * The members of an `Accept` or `Accept-Encoding` header with their weights (RFC 9110 §12.4.2), in lower case. A weight that
 * cannot be read counts as 0: nobody is sent what they may not have wanted.
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
 * The coding that a client likes best of those there are; undefined where it is to be sent as it is. Of two that are liked
 * alike the first is taken.
 *
 * @param header `Accept-Encoding`; "" where the request has none, which asks for nothing in particular
 * @example
 * chooseEncoding("gzip, br", ["br", "gzip"]); // "br"
 * chooseEncoding("*;q=0.1, identity", ["gzip"]); // undefined
 */
export function chooseEncoding<const Coding extends string>(
  header: string,
  codings: readonly Coding[],
): Coding | undefined {
  const wanted = acceptWeights(header);
  const others = wanted.get("*") ?? 0;
  let best: Coding | undefined;
  // Not named, and not meant by `*`, identity is acceptable, but liked less than anything that is named.
  let bestWeight = wanted.get("identity") ?? 0;
  for (const coding of codings) {
    const weight = wanted.get(coding) ?? others;
    if (weight > bestWeight || (weight > 0 && weight === bestWeight && best === undefined)) {
      best = coding;
      bestWeight = weight;
    }
  }
  return best;
}

/** Whether a person looks, with a browser: it names HTML itself, and JSON no sooner. Programs take anything, or name JSON. */
export function prefersHtml(accept: string): boolean {
  const wanted = acceptWeights(accept);
  const html = wanted.get("text/html") ?? 0;
  return html > 0 && html >= (wanted.get("application/json") ?? 0);
}
