import { TenkError } from "../../base/mod.ts";
import type { JsonRoute, OpenRoutes } from "../../part/mod.ts";
import { readCall } from "./call.ts";
import type { CallResult, PushJobs } from "./jobs.ts";

const ANSWERS: Readonly<Record<CallResult, { readonly status: number; readonly text: string }>> = {
  ok: { status: 200, text: "OK\n" },
  unknown: { status: 404, text: "not found\n" },
  "too-often": { status: 429, text: "too many calls\n" },
};
/** Characters have up to four bytes. */
const BYTES_A_CHARACTER = 4;

/** Returns where jobs call: `/push/NAME/KEY`. Every answer but that to the right key is the same. */
export function pushRoutes(jobs: PushJobs): OpenRoutes {
  return {
    async push({ path, tail }) {
      const call = readCall(path);
      const isKnown = call !== undefined && jobs.keys.fits(call.name, call.key);
      const body = isKnown ? await tail(BYTES_A_CHARACTER * jobs.maxMessage) : "";
      return ANSWERS[call === undefined ? jobs.reject() : jobs.call(call, body)];
    },
  };
}

/** Returns the route that tells the path of a job's URL, to who may change something: by POST alone. */
export function pushKeyRoute(jobs: PushJobs): JsonRoute {
  return {
    post(body) {
      const { service, renew } = (body ?? {}) as { readonly service?: unknown; readonly renew?: unknown };
      if (typeof service !== "string" || jobs.state(service) === undefined)
        throw new TenkError("not-found", "no service of kind push has this name");
      const key = renew === true ? jobs.keys.renew(service) : jobs.keys.of(service);
      return { path: `push/${service}/${key}` };
    },
  };
}
