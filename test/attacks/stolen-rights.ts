import { annotated, type At, MERGE, type Special } from "./special.ts";
import { APPROVAL, TOKEN } from "./row.ts";
import type { Asked } from "./voice.ts";

const as =
  (headers: Readonly<Record<string, string>>) =>
  (at: At): Asked => ({ ...annotated({ [APPROVAL]: TOKEN })(at), headers });

/** Names and rights taken instead of given. */
export const STOLEN_RIGHTS: readonly Special[] = [
  {
    name: "acting as an approver without the right to",
    who: "author",
    ask: as({ "impersonate-user": "approver-omega" }),
    decision: "NoRight",
    says: "cannot impersonate",
  },
  {
    name: "acting as the group of cluster administrators",
    who: "author",
    ask: as({ "impersonate-user": "author", "impersonate-group": "system:masters" }),
    decision: "NoRight",
    says: "cannot impersonate",
  },
  {
    name: "acting as the operator",
    who: "namespace-admin",
    ask: as({ "impersonate-user": "system:serviceaccount:ashat-system:ashat" }),
    decision: "NoRight",
    says: "cannot impersonate",
  },
  {
    name: "a name in a header of a front proxy",
    who: "anonymous",
    ask: as({ "x-remote-user": "approver-omega", "x-remote-group": "system:masters" }),
    decision: "NoRight",
    says: 'User "system:anonymous"',
  },
  {
    name: "a token nobody signed",
    who: "anonymous",
    ask: as({
      authorization: "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6YXNoYXQtc3lzdGVtOmFzaGF0In0.",
    }),
    decision: "NoRight",
    says: "Unauthorized",
  },
  {
    name: "the right taken by binding the role",
    who: "namespace-admin",
    ask: ({ namespace, users }) => ({
      method: "POST",
      path: `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`,
      body: {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "RoleBinding",
        metadata: { name: "mine" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "ashat-approver-omega" },
        subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: users["namespace-admin"] }],
      },
    }),
    decision: "NoRight",
    says: "attempting to grant RBAC permissions not currently held",
  },
  {
    name: "the right taken by a role of one's own",
    who: "namespace-admin",
    ask: ({ namespace }) => ({
      method: "POST",
      path: `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles`,
      body: {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "Role",
        metadata: { name: "mine" },
        rules: [{ apiGroups: ["ashat.raos.io"], resources: ["tiers"], verbs: ["approve"] }],
      },
    }),
    decision: "NoRight",
    says: "attempting to grant RBAC permissions not currently held",
  },
  {
    name: "the operator's role bound in a namespace",
    who: "namespace-admin",
    ask: ({ namespace, users }) => ({
      method: "POST",
      path: `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`,
      body: {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "RoleBinding",
        metadata: { name: "operator" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "ashat-operator" },
        subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: users["namespace-admin"] }],
      },
    }),
    decision: "NoRight",
    says: "attempting to grant RBAC permissions not currently held",
  },
  {
    name: "a token of the operator's account",
    who: "namespace-admin",
    ask: () => ({
      method: "POST",
      path: "/api/v1/namespaces/ashat-system/serviceaccounts/ashat/token",
      body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} },
    }),
    decision: "NoRight",
  },
  {
    name: "the policies read away by who administers a namespace",
    who: "namespace-admin",
    ask: () => ({
      method: "DELETE",
      path: "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/ashat-actions",
    }),
    decision: "NoRight",
  },
  {
    name: "a binding scoped away by who administers a namespace",
    who: "namespace-admin",
    ask: () => ({
      method: "PATCH",
      path: "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/ashat-actions",
      contentType: MERGE,
      body: { spec: { validationActions: ["Audit"] } },
    }),
    decision: "NoRight",
  },
  {
    name: "the schema loosened by who administers a namespace",
    who: "namespace-admin",
    ask: () => ({
      method: "PATCH",
      path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/deployments.ashat.raos.io",
      contentType: MERGE,
      body: { spec: { preserveUnknownFields: true } },
    }),
    decision: "NoRight",
  },
  {
    name: "an exempting label on the namespace",
    who: "namespace-admin",
    ask: ({ namespace }) => ({
      method: "PATCH",
      path: `/api/v1/namespaces/${namespace}`,
      contentType: MERGE,
      body: { metadata: { labels: { "admission.gatekeeper.sh/ignore": "yes" } } },
    }),
    decision: "NoRight",
  },
  {
    name: "a certificate for the operator's name",
    who: "author",
    ask: () => ({
      method: "POST",
      path: "/apis/certificates.k8s.io/v1/certificatesigningrequests",
      body: {
        apiVersion: "certificates.k8s.io/v1",
        kind: "CertificateSigningRequest",
        metadata: { name: "operator" },
        spec: { request: "eA==", signerName: "kubernetes.io/kube-apiserver-client", usages: ["client auth"] },
      },
    }),
    decision: "NoRight",
  },
];
