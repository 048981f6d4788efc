/** What decides whether a request of a service may go on. */
export { Guard } from "./guard.ts";
export { HeldRequest, type Proceed } from "./held-request.ts";
export { type GuardNotes, REJECTIONS, type Rejection } from "./rejections.ts";
export { ANYBODY, type Grant, type Verdict, type Wait, type WaitOwner } from "./verdict.ts";
