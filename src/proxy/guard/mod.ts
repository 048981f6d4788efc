/** What decides whether a request of a service may go on. */
export { Guard } from "./guard.ts";
export { type GuardNotes, REJECTIONS, type Rejection } from "./rejections.ts";
export type { Grant, Verdict, Wait, WaitOwner } from "./verdict.ts";
