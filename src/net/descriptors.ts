import { readdirSync } from "node:fs";
import { descriptorLimit, lowestFreeDescriptor } from "./ffi.ts";

/**
 * Open file descriptors of this process, and the most it may have. Does not fail when none is free: then all are open.
 *
 * Costs a directory listing (about 1 µs a descriptor): for a scrape, not for a packet.
 */
export function descriptors(): { open: number; max: number } {
  const max = descriptorLimit();
  try {
    return { open: readdirSync("/proc/self/fd").length - 1, max };
  } catch {
    const lowestFree = lowestFreeDescriptor();
    return { open: lowestFree < 0 ? max : lowestFree, max };
  }
}
