-- Prints what wrk's own summary leaves out, as one line of JSON.
done = function(summary, latency, requests)
  print(string.format('{"requests":%d,"p50Us":%.1f,"p99Us":%.1f,"p999Us":%.1f}', summary.requests,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
