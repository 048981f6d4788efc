/** Load over TCP: its options, its messages and answers, its connections. */
export { planTcp, type ReplyRule, type TcpOptions, type TcpPlan } from "./plan.ts";
export { tcp } from "./protocol.ts";
