/** Who gets what is published on one event loop, and what waits for those that take it too slowly. Opens nothing. */
export { Mailbox, type PushResult } from "./mailbox.ts";
export { type SubscriberSettings, subscriberSettings } from "./settings.ts";
export { type Subscriber, Topics } from "./topics.ts";
