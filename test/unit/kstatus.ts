import type { DeploymentStatus } from "../../src/api/deployment.ts";

/** What kstatus, and with it Flux and Helm, would wrongly read from this status; nothing when it reads what is meant. */
export function kstatusFaults({ phase, conditions = [] }: DeploymentStatus): readonly string[] {
  const isTrue = (type: string): boolean => conditions.some((one) => one.type === type && one.status === "True");
  const succeeded = conditions.find(({ type }) => type === "Succeeded")?.status;
  const failed = phase === "Cancelled" || phase === "Superseded" || phase === "Refused" || phase === "RolledBack";
  const ended = phase === "Completed" || failed;
  const wanted = phase === "Completed" ? "True" : ended ? "False" : "Unknown";
  return [
    ...(succeeded === wanted ? [] : [`${phase}: Succeeded is ${succeeded}, not ${wanted}`]),
    ...(isTrue("Stalled") === (phase === "Held" || phase === "Refused" || phase === "RolledBack")
      ? []
      : [`${phase}: Stalled is ${isTrue("Stalled")}`]),
    ...(isTrue("Stalled") && isTrue("Reconciling") ? ["Stalled and Reconciling at once"] : []),
    ...((ended || phase === "Held" || phase === "AwaitingApproval") && isTrue("Reconciling")
      ? [`${phase} is Reconciling, and nothing goes on`]
      : []),
    ...((phase === "Delivering" || phase === "Verifying" || phase === "RollingBack") && !isTrue("Reconciling")
      ? [`${phase} is not Reconciling, and much goes on`]
      : []),
    ...conditions
      .filter(({ type }, index) => conditions.findIndex((one) => one.type === type) !== index)
      .map(({ type }) => `${type} twice`),
    ...conditions
      .filter(({ type, status }) => (type === "Stalled" || type === "Reconciling") && status !== "True")
      .map(({ type }) => `${type} stands and is not True`),
  ];
}
