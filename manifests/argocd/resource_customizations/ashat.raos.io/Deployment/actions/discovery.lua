-- Each action stands under the same condition here and in its action.lua: no script can call another one.
local status = obj.status or {}
local tier = status.tier or ""

local approve, verify, again = nil, false, nil
local trusted = true
local command = "kubectl annotate deployments.ashat.raos.io/" .. obj.metadata.name .. " -n " .. (obj.metadata.namespace or "")
  .. " --field-manager=ashat "
for _, shut in ipairs(status.blockedBy or {}) do
  if shut.gate == "approvals" then
    approve = shut.token
  elseif shut.gate == "policies" then
    trusted = false
  elseif shut.gate == "held" and shut.command ~= nil and shut.token ~= nil then
    local verb = command .. "verify.ashat.raos.io/" .. tier
    verify = shut.command > verb and shut.command < verb .. "~"
    verb = command .. "rollback.ashat.raos.io/" .. tier
    if shut.command > verb and shut.command < verb .. "~" then
      again = shut.token
    end
  end
end

local begun = { Delivering = true, Verifying = true, Passed = true, Held = true, RollingBack = true, RolledBack = true }
local untouched = status.token ~= nil and status.tier ~= nil
local furthest, fleet = nil, nil
for _, one in ipairs(status.tiers or {}) do
  local here = one.name == status.tier
  if here and (one.token ~= nil or one.state ~= "Waiting" or one.passed > 0) then
    untouched = false
  end
  for _, target in ipairs(one.targets or {}) do
    if here and target.state ~= "Waiting" then
      untouched = false
    end
    if begun[target.state] then
      if one.name == "mainframes" then
        fleet = one
      else
        furthest = one
      end
    end
  end
end
local last = furthest or fleet
local back = last ~= nil and last.state ~= "RolledBack" and last.state ~= "RollingBack"
  and (last.token ~= nil or (again ~= nil and last.name == tier))

local count = status.approval ~= nil and " (" .. status.approval .. ")" or ""
local actions = {}
actions["approve"] = {
  ["disabled"] = approve == nil,
  ["displayName"] = approve ~= nil and "Approve " .. tier .. count or "Approve",
  ["iconClass"] = "fa fa-fw fa-check-circle",
  ["params"] = { { ["name"] = "reason" }, { ["name"] = "token", ["default"] = approve or "" } },
}
actions["cancel"] = {
  ["disabled"] = not (untouched and trusted),
  ["displayName"] = untouched and "Cancel before " .. tier or "Cancel",
  ["iconClass"] = "fa fa-fw fa-ban",
  ["params"] = { { ["name"] = "reason" } },
}
actions["verify"] = {
  ["disabled"] = not verify,
  ["displayName"] = verify and "Verify " .. tier .. " again" or "Verify again",
  ["iconClass"] = "fa fa-fw fa-redo",
  ["params"] = { { ["name"] = "reason" } },
}
actions["rollback"] = {
  ["disabled"] = not back,
  ["displayName"] = back and "Roll " .. last.name .. " back" or "Roll back",
  ["iconClass"] = "fa fa-fw fa-undo",
  ["params"] = { { ["name"] = "tier", ["default"] = back and last.name or "" }, { ["name"] = "reason" } },
}
return actions
