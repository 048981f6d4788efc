/** The content of `https://box/ca`: how each device comes to trust the local CA, and the files for it. */
export { qrCodeSvg } from "./qr-code.ts";
export { CA_PATHS, type CaResponse, respondForCa } from "./respond.ts";
