import type { LoopSource, Slice } from "../../loop/mod.ts";
import { SeededRandom } from "../../message/mod.ts";
import { refuse } from "../../plan/mod.ts";
import { COOKIE_FIELD_BYTES, CookieJars } from "../cookies/mod.ts";
import type { RunningScript } from "../script/mod.ts";
import { type CompiledRequest, FixedRequest, fixedRequest } from "./compiled.ts";
import { kindsOf } from "./kinds.ts";
import { scriptSource } from "./script-source.ts";
import type { RequestSpec, RequestsPlan } from "./spec.ts";
import { type TemplateOptions, templateRequest } from "./template-request.ts";

/** More than any server takes. */
const MAX_HEAD_BYTES = 65_536;
/** Marks the streams of random numbers of this module among those of a run. */
const RANDOM_PART = 7;

/** What a connection has to know of the request that it writes. One object serves all requests of an event loop. */
export interface CurrentRequest {
  kind: number;
  isHead: boolean;
  bodyBytes: number;
}

/** The requests of one event loop. */
export interface RequestSource extends LoopSource {
  /** The request that `nextBytes` returned last. */
  readonly current: Readonly<CurrentRequest>;
  /** What requests are counted by; a request's `kind` is a place in it. */
  readonly names: readonly string[];
  /** All are of one kind, and all or none are HEAD: `current` never changes. */
  readonly areAlike: boolean;
  /** Cookies of its connections, where they are kept. */
  readonly cookies: CookieJars | undefined;
}

/**
 * Compiles the requests of a plan for one event loop.
 *
 * @throws {TenkError} `usage` for a request that cannot be sent
 */
export function requestSource(
  plan: RequestsPlan,
  seed: number,
  slice: Pick<Slice, "worker" | "connections">,
  script?: RunningScript,
): RequestSource {
  const cookies = plan.cookies && new CookieJars(slice.connections, plan.cookies);
  if (script?.makesRequests) return scriptSource(script, plan, cookies);
  const { names, kinds } = kindsOf(plan.specs.map(({ name }) => name));
  const random = randomOf(seed, slice.worker + 1);
  const { files, maxRepeats } = plan;
  const options = { random, globalRandom: randomOf(seed, 0), files, regex: { maxRepeats } };
  const requests = plan.specs.map((spec, index) => compile(spec, kinds[index]!, plan, options));
  if (requests.length === 1) return sourceOf(requests, names, () => 0, cookies);
  const pick =
    plan.order === "in-turn"
      ? inTurn(requests.length, slice.connections)
      : byWeight(
          plan.specs.map(({ weight }) => weight),
          random,
        );
  return sourceOf(requests, names, pick, cookies);
}

function randomOf(seed: number, stream: number): () => number {
  const random = new SeededRandom();
  random.reseed(seed, stream, RANDOM_PART);
  return random.next;
}

function compile(spec: RequestSpec, kind: number, plan: RequestsPlan, options: TemplateOptions): CompiledRequest {
  const text = { ...spec, authority: plan.authority, keepAlive: plan.keepAlive };
  const request = spec.isTemplate ? templateRequest(kind, text, options) : fixedRequest(kind, text);
  if (request.maxHeadBytes > MAX_HEAD_BYTES)
    refuse("the fields of a request are too long", `at most ${MAX_HEAD_BYTES} bytes`);
  return request;
}

/** @param pick says which comes next on a slot */
function sourceOf(
  requests: readonly CompiledRequest[],
  names: readonly string[],
  pick: (slot: number) => number,
  cookies: CookieJars | undefined,
): RequestSource {
  const first = requests[0]!;
  const isSame = (of: (request: CompiledRequest) => unknown) => requests.every((each) => of(each) === of(first));
  const isConstant = requests.length === 1 && first instanceof FixedRequest && cookies === undefined;
  const current: CurrentRequest = { kind: first.kind, isHead: first.isHead, bodyBytes: first.bodyBytes };
  const only = first.render(0, 0);
  return {
    current,
    names,
    cookies,
    areAlike: names.length === 1 && isSame(({ isHead }) => isHead),
    constant: isConstant,
    firstBytes: () => undefined,
    nextBytes: isConstant ? () => only : next,
    constantLengthBytes:
      cookies === undefined && isSame(({ constantBytes }) => constantBytes) ? first.constantBytes : undefined,
    maxLengthBytes:
      requests.reduce((most, { maxBytes }) => Math.max(most, maxBytes), 0) +
      (cookies === undefined ? 0 : COOKIE_FIELD_BYTES),
    messagesPerCycle: 1,
    hasMarker: requests.some(({ hasMarker }) => hasMarker),
  };

  function next(uid: number, nowUs: number, slot: number): Uint8Array {
    const request = requests[pick(slot)]!;
    const bytes = request.render(uid, nowUs);
    current.kind = request.kind;
    current.isHead = request.isHead;
    current.bodyBytes = request.bodyBytes;
    return cookies === undefined ? bytes : cookies.addTo(bytes, Math.max(0, request.bodyBytes), slot);
  }
}

/** Each connection goes through all of them. The one that takes its slot goes on where it was. */
function inTurn(count: number, slots: number): (slot: number) => number {
  const places = new Uint32Array(slots);
  return (slot) => {
    const place = places[slot]!;
    places[slot] = place + 1 === count ? 0 : place + 1;
    return place;
  };
}

/** Returns a chooser of places, each as often as its weight says: O(log n). */
export function byWeight(weights: readonly number[], random: () => number): () => number {
  const ends = new Float64Array(weights.length);
  let total = 0;
  for (const [index, weight] of weights.entries()) {
    total += weight;
    ends[index] = total;
  }
  return () => {
    const at = random() * total;
    let from = 0;
    let to = ends.length - 1;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (ends[middle]! > at) to = middle;
      else from = middle + 1;
    }
    return from;
  };
}
