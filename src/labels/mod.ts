/** Layer 5: the part `containers:`, which finds services by the labels of containers. */
export { containers } from "./part.ts";
export type { ContainersView } from "./status.ts";
