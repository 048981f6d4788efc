/** Load over WebSocket: its options, its frames, its connections. */
export { type AnswerRule, planWebSocket, type WebSocketOptions, type WebSocketPlan } from "./plan.ts";
export { webSocket } from "./protocol.ts";
