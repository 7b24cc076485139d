-- verify.ashat.raos.io/<tier>[.<slot>]: <token> [reason]. It repeats the verification of what is held.
local status = obj.status or {}
local tier = status.tier
local token = nil
for _, shut in ipairs(status.blockedBy or {}) do
  if shut.gate == "held" and tier ~= nil and shut.command ~= nil then
    -- What is held after a failed restore asks for a rollback. There is no string library here, but strings have an order:
    -- the command begins with this text if it is not before it, and before everything that continues it.
    local verify = "kubectl annotate deployments.ashat.raos.io/" .. obj.metadata.name .. " -n " .. obj.metadata.namespace
      .. " --field-manager=ashat verify.ashat.raos.io/" .. tier
    if shut.command > verify and shut.command < verify .. "~" then
      token = shut.token
    end
  end
end
if token == nil then
  error("nothing is held that could be verified again: " .. (status.message or "the operator has not looked at this update yet"), 0)
end

local annotations = obj.metadata.annotations or {}
local first = "verify.ashat.raos.io/" .. tier
local key, slot = first, 1
while annotations[key] ~= nil do
  slot = slot + 1
  key = first .. "." .. tostring(slot)
end

local reason = actionParams["reason"]
annotations[key] = (reason == nil or reason == "") and token or token .. " " .. reason
obj.metadata.annotations = annotations
return obj
