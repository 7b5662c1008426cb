-- wrk's script: every request is another person's. One line of results is added to a file at the end.
--
-- Environment: TOKENS  a file of tokens, one a line        WHAT     figure, side and round, for the report
--              ACCEPT  what is asked for                   RESULTS  the file that gets the line
--              ENCODING  Accept-Encoding; empty: none

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  local headers = { ["Accept"] = os.getenv("ACCEPT"), ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) wrk" }
  local encoding = os.getenv("ENCODING")
  if encoding ~= "" then headers["Accept-Encoding"] = encoding end
  requests = {}
  for token in io.lines(os.getenv("TOKENS")) do
    headers["Cookie"] = "taskwire_session=" .. token
    -- Made once: the load generator shares the machine with what it measures.
    requests[#requests + 1] = wrk.format("GET", nil, headers)
  end
  -- Threads start far apart, so that they do not ask for the same person at the same time.
  at = number * 499
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = 0
  for _, count in pairs(summary.errors) do errors = errors + count end
  local file = io.open(os.getenv("RESULTS"), "a")
  file:write(string.format("%s\t%.1f\t%.3f\t%.3f\t%d\n", os.getenv("WHAT"),
    summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, errors))
  file:close()
end
