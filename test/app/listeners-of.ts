import type { Instance, Status } from "../../src/app/mod.ts";
import type { ListenerStatus, TcpView } from "../../src/tcp/mod.ts";

/** The listeners of an answer of `/api/status`. */
export function listenersIn({ parts }: Pick<Status, "parts">): readonly ListenerStatus[] {
  return (parts.tcp as TcpView).listeners;
}

export async function listenersOf(instance: Instance): Promise<readonly ListenerStatus[]> {
  return listenersIn(await instance.status());
}
