export { claimInstanceName, type InstanceName } from "./instance-name.ts";
export { loadFamilies } from "./load-families.ts";
export { type Push, type PushOptions, startPush } from "./push.ts";
export { type Pushing, pushingOf } from "./pushing.ts";
export { type PushTarget, pushTarget } from "./target.ts";
