/** Topics and their subscribers on one event loop, and the messages that wait for slow ones. Opens nothing. */
export { Mailbox, type PushResult } from "./mailbox.ts";
export { type SubscriberSettings, subscriberSettings } from "./settings.ts";
export { type Subscriber, Topics } from "./topics.ts";
