/** Two boxes: one name server follows the lists, rules and local names of another. */
export { type FollowConfig, Follower } from "./follower.ts";
export { type SharedSettings, sharedSettings } from "./shared-settings.ts";
export { withFollowed } from "./with-followed.ts";
