-- approve.ashat.raos.io/<tier>[.<slot>]: <token> [reason], in the first slot that is free. The API server stamps who did it.
local status = obj.status or {}
local token = nil
for _, shut in ipairs(status.blockedBy or {}) do
  if shut.gate == "approvals" then
    token = shut.token
  end
end
if token == nil or status.tier == nil then
  error("nothing waits for an approval: " .. (status.message or "the operator has not looked at this update yet"), 0)
end

-- What was shown to whoever approves; without it, what stands now.
local shown = actionParams["token"]
if shown ~= nil and shown ~= "" and shown ~= token then
  error("what you saw has changed: it was token " .. shown .. ", and it is " .. token .. " now. Look at the update again, then approve", 0)
end

local annotations = obj.metadata.annotations or {}
local first = "approve.ashat.raos.io/" .. status.tier
local key, slot = first, 1
while annotations[key] ~= nil do
  slot = slot + 1
  key = first .. "." .. tostring(slot)
end

local reason = actionParams["reason"]
annotations[key] = (reason == nil or reason == "") and token or token .. " " .. reason
obj.metadata.annotations = annotations
return obj
