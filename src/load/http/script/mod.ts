/** Scripts of users that make requests and see answers. */
export { tellDone } from "./load-script.ts";
export { RunningScript, type ScriptAnswer, type ScriptPlan, scriptCounters } from "./running-script.ts";
export type { LoadScript, ScriptContext, ScriptInit, ScriptRequest } from "./types.ts";
