import { logOf } from "../../src/base/mod.ts";
import {
  HEALTH_DEFAULTS,
  QUEUE_DEFAULTS,
  TargetList,
  type TargetListHooks,
  type TargetListSettings,
  targetSettings,
} from "../../src/targets/mod.ts";

/** A link that counts how often it was closed. */
export interface FakeLink {
  closes: number;
  readCounts(): { bytesWritten: number; bytesRead: number };
  close(): void;
}

export function fakeLink(): FakeLink {
  const link: FakeLink = {
    closes: 0,
    readCounts: () => ({ bytesWritten: 3, bytesRead: 5 }),
    close: () => {
      link.closes += 1;
    },
  };
  return link;
}

export function settings(
  targets: readonly unknown[],
  more: Partial<Omit<TargetListSettings, "targets">> = {},
): TargetListSettings {
  return {
    name: "fake",
    balance: "round-robin",
    health: HEALTH_DEFAULTS,
    maxActive: 0,
    queue: QUEUE_DEFAULTS,
    linkKey: "",
    ...more,
    targets: targetSettings(targets, "send"),
  };
}

export function listOf(
  given: TargetListSettings,
  more: Partial<TargetListHooks<FakeLink>> = {},
): TargetList<FakeLink> & AsyncDisposable {
  const list = new TargetList<FakeLink>(given, { log: logOf("targets-test"), makeLink: fakeLink, ...more });
  return Object.assign(list, { [Symbol.asyncDispose]: async () => list.stop() });
}

export const anyone = { hash: 0, nowMs: 0, tried: [] } as const;
