export { ServicesView } from "./view.tsx";
