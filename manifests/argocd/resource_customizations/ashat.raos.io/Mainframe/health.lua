-- Ready says whether it answers and may be fed. Answering is not enough where it runs something else than was delivered.
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

if by.Ready == nil or by.Ready.status == "Unknown" or by.Ready.reason == "OmegaMissing" then
  -- The Server it names may come later in the same sync.
  health.status = "Progressing"
elseif by.Ready.status == "False" or (by.Drifted ~= nil and by.Drifted.status == "True") then
  health.status = "Degraded"
else
  health.status = "Healthy"
end
return health
