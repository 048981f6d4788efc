/** Why a head or a chunked body is refused, and the status to answer a request with. Of a response, each means 502. */
export const HTTP1_REFUSALS = {
  "bad-start-line": 400,
  "bad-target": 400,
  "bad-version": 505,
  "bad-status": 400,
  "bad-line-end": 400,
  "bad-field-name": 400,
  "bad-field-value": 400,
  "bad-host": 400,
  "host-missing": 400,
  "host-repeated": 400,
  "host-differs": 400, // from the authority of an absolute target
  "bad-content-length": 400,
  "content-length-repeated": 400,
  "bad-transfer-encoding": 400,
  "transfer-encoding-with-length": 400,
  "too-many-connection-options": 400,
  "connect-unsupported": 501,
  "target-too-long": 414,
  "head-too-long": 431,
  "too-many-fields": 431,
  "bad-chunk-size": 400,
  "bad-chunk-extension": 400,
  "chunk-extensions-too-long": 400,
  "bad-chunk-end": 400,
  "forbidden-trailer": 400,
  "trailers-too-long": 431,
} as const;

export type Http1Refusal = keyof typeof HTTP1_REFUSALS;

/** A refused head as a number: the status to answer with, negated. 0 = incomplete. */
export type HeadError = -400 | -414 | -431 | -501 | -505;

/** Returns the status of a refusal, negated. */
export function headError(refusal: Http1Refusal): HeadError {
  return -HTTP1_REFUSALS[refusal] as HeadError;
}
