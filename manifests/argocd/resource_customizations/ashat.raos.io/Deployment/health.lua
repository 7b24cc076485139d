-- Conditions say how an update is: Succeeded how it ended, Stalled that it cannot go on, Reconciling that it is worked on.
-- With none of them it waits for a person or for a time, which is Suspended.
local health = { status = "Progressing", message = "the operator has not looked at this update yet" }
local status = obj.status
if status == nil or status.conditions == nil or status.observedGeneration ~= obj.metadata.generation then
  return health
end
health.message = status.message

local is = {}
for _, condition in ipairs(status.conditions) do
  is[condition.type] = condition.status
end

if is.Stalled == "True" then
  health.status = "Degraded"
elseif is.Reconciling == "True" then
  health.status = "Progressing"
elseif is.Succeeded == "True" or status.phase == "Superseded" then
  -- A newer update took its place: an old file in Git is no reason to look.
  health.status = "Healthy"
else
  health.status = "Suspended"
end
return health
