/** Layer 1: what every login needs: password hashes, and slowing down of guesses. */
export { attemptsKey } from "./attempts-key.ts";
export { hashPassword, PasswordCheck } from "./password.ts";
export { Throttle, type ThrottleOptions } from "./throttle.ts";
