import type { SocketKind, WantedAddress } from "./listening-socket.ts";

/** A listener of this process. */
export interface Acceptor {
  /** Where it listens. */
  readonly addresses: readonly (WantedAddress & { readonly kind: SocketKind })[];
  /** Takes no more connections or datagrams. Those that come wait in the kernel, and nothing is refused. */
  pause(): Promise<void>;
  resume(): Promise<void>;
}

const acceptors = new Set<Acceptor>();
let isPaused = false;
let isHandedOn = false;

/** Whether listeners that start now hold their sockets, and accept nothing until `resumeAccepting`. */
export function isAcceptingPaused(): boolean {
  return isPaused;
}

/** Listeners that start from now on are paused: for a process that is to replace another one. */
export function startPaused(): void {
  isPaused = true;
}

/** @returns a function that forgets it */
export function addAcceptor(acceptor: Acceptor): () => void {
  acceptors.add(acceptor);
  return () => acceptors.delete(acceptor);
}

/** Stops accepting on all listeners, without closing a socket: whoever else has it may accept instead. */
export async function pauseAccepting(): Promise<void> {
  isPaused = true;
  await Promise.all([...acceptors].map((each) => each.pause()));
}

/** Accepts on all listeners again. */
export async function resumeAccepting(): Promise<void> {
  isPaused = false;
  await Promise.all([...acceptors].map((each) => each.resume()));
}

/** Where this process listens. */
export function acceptedAddresses(): Acceptor["addresses"] {
  return [...acceptors].flatMap(({ addresses }) => addresses);
}

/**
 * Another process has the sockets. A stop of a listener then removes no file, and leaves connections alone whose handlers have no
 * `shutdown`: they end by themselves, or are asked to finish shortly before the end of the grace.
 */
export function noteHandedOn(isSo = true): void {
  isHandedOn = isSo;
}

export function isHandedOver(): boolean {
  return isHandedOn;
}
