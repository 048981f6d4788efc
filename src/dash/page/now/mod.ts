export { NowView } from "./now.tsx";
