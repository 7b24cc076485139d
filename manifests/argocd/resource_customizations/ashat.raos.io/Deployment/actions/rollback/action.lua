-- rollback.ashat.raos.io/<tier>[.<slot>]: <token> [reason]. What ran before is put back; with OMEGA go the mainframes it feeds.
local status = obj.status or {}
local begun = { Delivering = true, Verifying = true, Passed = true, Held = true, RollingBack = true, RolledBack = true }
local found, furthest, fleet = {}, nil, nil
for _, tier in ipairs(status.tiers or {}) do
  for _, target in ipairs(tier.targets or {}) do
    if begun[target.state] then
      found[tier.name] = tier
      if tier.name == "mainframes" then
        fleet = tier.name
      else
        furthest = tier.name
      end
    end
  end
end

-- Where none is said it is the servers furthest on.
local name = actionParams["tier"]
if name == nil or name == "" then
  name = furthest or fleet
end
if name == nil then
  error("nothing of it was delivered anywhere yet, so there is nothing to put back", 0)
end
local tier = found[name]
if tier == nil then
  error("nothing of it was delivered to " .. name .. ", so there is nothing to put back", 0)
end
if tier.state == "RolledBack" or tier.state == "RollingBack" then
  error(name .. " is " .. tier.state .. " already", 0)
end

local token = tier.token
for _, shut in ipairs(status.blockedBy or {}) do
  if shut.gate == "held" and shut.command ~= nil and name == status.tier then
    -- A restore that failed is asked again by the token of that failure. There is no string library here, but strings have an
    -- order: the command begins with this text if it is not before it, and before everything that continues it.
    local again = "kubectl annotate deployments.ashat.raos.io/" .. obj.metadata.name .. " -n " .. obj.metadata.namespace
      .. " --field-manager=ashat rollback.ashat.raos.io/" .. name
    if shut.command > again and shut.command < again .. "~" then
      token = shut.token
    end
  end
end
if token == nil then
  error("the operator has published no token of " .. name .. " yet: try again in a moment", 0)
end

local annotations = obj.metadata.annotations or {}
local first = "rollback.ashat.raos.io/" .. name
local key, slot = first, 1
while annotations[key] ~= nil do
  slot = slot + 1
  key = first .. "." .. tostring(slot)
end

local reason = actionParams["reason"]
annotations[key] = (reason == nil or reason == "") and token or token .. " " .. reason
obj.metadata.annotations = annotations
return obj
