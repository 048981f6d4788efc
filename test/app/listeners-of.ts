import type { Instance, Status } from "../../src/app/mod.ts";
import type { ListenerStatus, TcpView } from "../../src/tcp/mod.ts";

/** The listeners of an answer of `/api/status`. */
export function listenersIn({ parts }: Pick<Status, "parts">): readonly ListenerStatus[] {
  return (parts.tcp as TcpView).listeners;
}

export async function listenersOf(instance: Instance): Promise<readonly ListenerStatus[]> {
  return listenersIn(await instance.status());
}

/** Resolves when its listeners are so; fails when they are not within `withinMs`. */
export async function untilListeners(
  instance: Instance,
  condition: (listeners: readonly ListenerStatus[]) => boolean,
  withinMs = 8000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (let listeners = await listenersOf(instance); !condition(listeners); listeners = await listenersOf(instance)) {
    if (performance.now() > deadline) throw new Error(`Not within ${withinMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
