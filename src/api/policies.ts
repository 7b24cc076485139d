import { actions, stamps } from "./action-policies.ts";
import { ACTION_INFIX } from "./actions.ts";
import { GROUP, OPERATOR_ACCOUNT } from "./group.ts";
import { type PolicyObject, resourceRules, validating } from "./policy.ts";

/**
 * Status and records are what everybody else relies on, so nobody else writes them, a cluster administrator neither.
 * Records of a namespace that is being deleted go with it: refused, they would hold it forever.
 */
const operatorOnly: readonly PolicyObject[] = validating("ashat-operator-only", {
  matchConstraints: resourceRules(
    { operations: ["UPDATE"], resources: ["deployments/status", "servers/status", "mainframes/status"] },
    { operations: ["CREATE", "UPDATE", "DELETE"], resources: ["deploymentrecords"] },
  ),
  validations: [
    {
      expression:
        `request.userInfo.username == '${OPERATOR_ACCOUNT}'` +
        " || (request.operation == 'DELETE' && has(namespaceObject.metadata.deletionTimestamp))",
      messageExpression: `(has(request.subResource) && request.subResource != '' ? 'status' : 'a record') + ' is written by the operator (${OPERATOR_ACCOUNT}) only, not by ' + request.userInfo.username`,
      reason: "Forbidden",
    },
  ],
});

/** `kubectl annotate deployment x` means the one of apps; there an action would be stored and never seen. */
const wrongDeployment: readonly PolicyObject[] = validating("ashat-wrong-deployment", {
  matchConstraints: resourceRules({ group: "apps", operations: ["CREATE", "UPDATE"], resources: ["deployments"] }),
  matchConditions: [
    {
      name: "acts",
      expression:
        `has(object.metadata.annotations) && object.metadata.annotations.exists(k, k.contains('${ACTION_INFIX}') &&` +
        " !(oldObject != null && has(oldObject.metadata.annotations) && k in oldObject.metadata.annotations))",
    },
  ],
  validations: [
    {
      expression: "false",
      messageExpression: `'this is deployments.apps/' + request.name + ': did you mean deployments.${GROUP}/' + request.name + '?'`,
      reason: "Invalid",
    },
  ],
});

/** In force on Kubernetes 1.36 and later: who acts is stamped by the API server. */
export const POLICIES: readonly PolicyObject[] = [...stamps, ...actions, ...operatorOnly, ...wrongDeployment];

/** The same rules where the API server cannot stamp: the request carries its stamp and is refused where it is not true. */
export const POLICIES_BEFORE_1_36: readonly PolicyObject[] = [...actions, ...operatorOnly, ...wrongDeployment];
