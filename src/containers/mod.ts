/** Layer 4: container engines (Docker, Podman) over their Unix sockets: what runs, and what becomes of it. */
export {
  COMPOSE_SERVICE,
  CONTAINER_STATES,
  type Container,
  type ContainerHealth,
  type ContainerState,
  LABEL_PREFIX,
  type Published,
} from "./container.ts";
export { ContainerEngine, ENGINE_DEFAULTS, type EngineOptions, type EngineVersion } from "./engine.ts";
export type { EngineEvent } from "./events.ts";
export { EngineFollower, FOLLOW_DEFAULTS, type FollowCounts, type FollowOptions } from "./follower.ts";
export { type KnownImage, knownImage } from "./images.ts";
export { engineSockets } from "./sockets.ts";
export { containerTrouble } from "./trouble.ts";
