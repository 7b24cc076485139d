-- Ready says whether it answers. Answering is not enough where it runs something else than was delivered, or where approvals cannot be trusted.
local health = { status = "Progressing", message = "the operator has not looked at it yet" }
local status = obj.status
if status == nil or status.conditions == nil or status.observedGeneration ~= obj.metadata.generation then
  return health
end
health.message = status.message

local by = {}
for _, condition in ipairs(status.conditions) do
  by[condition.type] = condition
end

if by.Ready == nil or by.Ready.status == "Unknown" then
  health.status = "Progressing"
elseif by.Ready.status == "False" then
  health.status = "Degraded"
elseif by.ApprovalGateEnforced ~= nil and by.ApprovalGateEnforced.status == "False" then
  health.status = "Degraded"
  health.message = by.ApprovalGateEnforced.message
elseif by.Drifted ~= nil and by.Drifted.status == "True" then
  health.status = "Degraded"
else
  health.status = "Healthy"
end
return health
