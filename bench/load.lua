-- What wrk sends: the requests of a list in turn; where a request has two parts, a fresh Idempotency-Key between.
local parts = dofile(os.getenv("BENCH_REQUESTS"))
local run = os.getenv("BENCH_RUN")
local at, made = 0, 0

request = function()
  at = at % #parts + 1
  local part = parts[at]
  if part[2] == nil then return part[1] end
  made = made + 1
  return part[1] .. run .. string.format("%010d", made) .. part[2]
end

done = function(summary, latency, _)
  local bad = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format('\n{"done": %d, "seconds": %f, "refused": %d, "broken": %d, "p50": %f, "p99": %f}\n',
    summary.requests, summary.duration / 1e6, summary.errors.status, bad,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
