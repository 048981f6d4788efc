import { refuse } from "../../plan/mod.ts";
import type { CookieJars } from "../cookies/mod.ts";
import type { RunningScript, ScriptRequest } from "../script/mod.ts";
import { type FixedRequest, fixedRequest } from "./compiled.ts";
import { MAX_NAMES, OTHERS } from "./kinds.ts";
import type { RequestSource } from "./source.ts";
import type { RequestSpec, RequestsPlan } from "./spec.ts";

const NOTHING = new Uint8Array(0);
const MAX_BODY_BYTES = 1024 * 1024;
const MAX_HEAD_BYTES = 65_536;

/** The most that a request of a script can take. */
export const MAX_SCRIPT_REQUEST_BYTES = MAX_BODY_BYTES + MAX_HEAD_BYTES;

/**
 * Returns the requests that a script makes, which differ from the one of the plan.
 *
 * @throws {TenkError} `usage` where that cannot be sent
 */
export function scriptSource(
  script: RunningScript,
  plan: RequestsPlan,
  cookies: CookieJars | undefined,
): RequestSource {
  const base = plan.specs[0]!;
  if (base.isTemplate || plan.specs.length > 1)
    refuse("a script makes the requests", "leave out expressions, and all URLs but one");
  const current = { kind: 0, isHead: false, bodyBytes: -1 };
  const names: string[] = [];
  const kinds = new Map<string, number>();
  const frozen = new WeakMap<object, FixedRequest>();
  const usual = compiled(base, base.name);
  return {
    current,
    names,
    cookies,
    areAlike: false,
    constant: false,
    firstBytes: () => undefined,
    nextBytes: next,
    constantLengthBytes: undefined,
    maxLengthBytes: MAX_SCRIPT_REQUEST_BYTES,
    messagesPerCycle: 1,
    hasMarker: false,
  };

  function next(_uid: number, _nowUs: number, slot: number): Uint8Array {
    if (script.hasFailed) return NOTHING;
    let request: FixedRequest;
    try {
      request = compile(script.request(slot));
    } catch (error) {
      script.fail("request", error);
      return NOTHING;
    }
    current.kind = request.kind;
    current.isHead = request.isHead;
    current.bodyBytes = request.bodyBytes;
    const bytes = request.render();
    return cookies === undefined ? bytes : cookies.addTo(bytes, Math.max(0, request.bodyBytes), slot);
  }

  function compile(asked: ScriptRequest | string | undefined): FixedRequest {
    if (asked === undefined) return usual;
    if (typeof asked === "string") return compiledOf({ path: asked });
    if (typeof asked !== "object" || asked === null)
      throw new TypeError(`it returned ${asked}, expected a request, a path or nothing`);
    if (!Object.isFrozen(asked)) return compiledOf(asked);
    const known = frozen.get(asked);
    if (known !== undefined) return known;
    const made = compiledOf(asked);
    frozen.set(asked, made);
    return made;
  }

  function compiledOf({ method, path = base.path, headers = {}, body = base.body, name }: ScriptRequest): FixedRequest {
    if ((body?.length ?? 0) > MAX_BODY_BYTES) throw new RangeError(`its body is longer than ${MAX_BODY_BYTES} bytes`);
    const given = Object.entries(headers);
    const replaced = new Set(given.map(([each]) => each.toLowerCase()));
    const kept = base.headers.filter(([each]) => !replaced.has(each.toLowerCase()));
    const verb = method ?? (body === base.body ? base.method : base.method === "GET" ? "POST" : base.method);
    const fields = given.map(([each, value]) => [each, String(value)] as const);
    return compiled(
      { ...base, method: verb, path, body, headers: [...kept, ...fields] },
      name ?? `${verb} ${path.replace(/\?.*$/s, "?…")}`,
    );
  }

  function compiled(spec: RequestSpec, name: string): FixedRequest {
    const request = fixedRequest(kindOf(name), { ...spec, authority: plan.authority, keepAlive: plan.keepAlive });
    if (request.maxHeadBytes > MAX_HEAD_BYTES)
      throw new RangeError(`its fields are longer than ${MAX_HEAD_BYTES} bytes`);
    return request;
  }

  function kindOf(name: string): number {
    const known = kinds.get(name);
    if (known !== undefined) return known;
    if (names.length === MAX_NAMES) return MAX_NAMES - 1;
    names.push(names.length === MAX_NAMES - 1 ? OTHERS : name);
    kinds.set(name, names.length - 1);
    return names.length - 1;
  }
}
