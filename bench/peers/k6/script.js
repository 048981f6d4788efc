// One request after the other for each of 64 users or, where RATE is set, requests at that rate. Prints a line of JSON.
import http from "k6/http";

const { URL, RATE, SECONDS } = __ENV;
const USERS = 64;

export const options = {
  insecureSkipTLSVerify: true,
  summaryTrendStats: ["med", "p(99)", "p(99.9)"],
  scenarios: {
    load: {
      ...(RATE
        ? { executor: "constant-arrival-rate", rate: Number(RATE), preAllocatedVUs: USERS, maxVUs: USERS }
        : { executor: "constant-vus", vus: USERS }),
      ...{ duration: `${SECONDS}s`, gracefulStop: "1s" },
    },
  },
};

export default function () {
  http.get(URL);
}

export function handleSummary({ metrics }) {
  const { values } = metrics.http_req_duration;
  const result = {
    requests: metrics.http_reqs.values.count,
    p50Us: values.med * 1000,
    p99Us: values["p(99)"] * 1000,
    p999Us: values["p(99.9)"] * 1000,
  };
  return { stdout: `${JSON.stringify(result)}\n` };
}
