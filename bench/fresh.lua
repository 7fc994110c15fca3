-- Another query with every request, so that no cache can answer.
local seed, n, path = "0", 0, nil
function init(args)
  seed = args[1] or "0"
end
function request()
  if path == nil then
    path = wrk.path
    path = path .. (string.find(path, "?", 1, true) and "&" or "?")
  end
  n = n + 1
  return wrk.format(nil, path .. "x=" .. seed .. "." .. n)
end
