-- wrk's script: every request is another person's. One line of results is added to a file at the end.
--
-- Environment: PEOPLE   a file with a line for each person   WHAT      figure, side and round, for the report
--              SENT_AS  what it is: a token, sent as a       RESULTS   the file that gets the line
--                       cookie or a bearer, or a body        ACCEPT    what is asked for
--              METHOD   of the request                       ENCODING  Accept-Encoding; empty: none
--              BODY     in JSON, everybody's; empty: none

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  local method, sent_as = os.getenv("METHOD"), os.getenv("SENT_AS")
  local headers = { ["Accept"] = os.getenv("ACCEPT"), ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) wrk" }
  local encoding, body = os.getenv("ENCODING"), os.getenv("BODY")
  if encoding ~= "" then headers["Accept-Encoding"] = encoding end
  if body == "" then body = nil end
  if method ~= "GET" then headers["Content-Type"] = "application/json" end
  requests = {}
  for line in io.lines(os.getenv("PEOPLE")) do
    if sent_as == "cookie" then headers["Cookie"] = "taskwire_session=" .. line end
    if sent_as == "bearer" then headers["Authorization"] = "Bearer " .. line end
    -- Made once: the load generator shares the machine with what it measures.
    requests[#requests + 1] = wrk.format(method, nil, headers, sent_as == "body" and line or body)
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
