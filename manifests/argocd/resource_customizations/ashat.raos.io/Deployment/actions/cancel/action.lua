-- cancel.ashat.raos.io/<tier>[.<slot>]: <token> [reason]. It ends an update at a tier that nothing was delivered to yet.
local status = obj.status or {}
if status.token == nil or status.tier == nil then
  error("it cannot be cancelled: " .. (status.message or "the operator has not looked at this update yet"), 0)
end
for _, shut in ipairs(status.blockedBy or {}) do
  if shut.gate == "policies" then
    error("nobody can be told from anybody else now: " .. shut.message, 0)
  end
end
for _, tier in ipairs(status.tiers or {}) do
  if tier.name == status.tier then
    if tier.token ~= nil or tier.state ~= "Waiting" or tier.passed > 0 then
      error(tier.name .. " has begun: what was delivered is taken back by a rollback", 0)
    end
    for _, target in ipairs(tier.targets or {}) do
      if target.state ~= "Waiting" then
        error(tier.name .. " has begun: what was delivered is taken back by a rollback", 0)
      end
    end
  end
end

local annotations = obj.metadata.annotations or {}
local first = "cancel.ashat.raos.io/" .. status.tier
local key, slot = first, 1
while annotations[key] ~= nil do
  slot = slot + 1
  key = first .. "." .. tostring(slot)
end

local reason = actionParams["reason"]
local token = status.token.value
annotations[key] = (reason == nil or reason == "") and token or token .. " " .. reason
obj.metadata.annotations = annotations
return obj
