import { join } from "node:path";
import type { Program } from "./guard.ts";

/** Where the files and ports of one control plane are. */
export interface Layout {
  readonly dir: string;
  readonly programs: string;
  /** Where the API server is, if it is of another version than the rest. */
  readonly apiServerFrom?: string;
  readonly etcdPort: number;
  readonly etcdPeerPort: number;
  readonly apiPort: number;
  readonly auditLog?: string;
  /** Where nodes and pods reach the API server, if there are any. */
  readonly address?: string;
}

export const HOST = "127.0.0.1";

const flags = (values: Readonly<Record<string, string | number | boolean>>): readonly string[] =>
  Object.entries(values).map(([name, value]) => `--${name}=${value}`);

const program = (
  layout: Layout,
  name: string,
  values: Readonly<Record<string, string | number | boolean>>,
  from = layout.programs,
): Program => ({
  name,
  command: join(from, name),
  args: flags(values),
  logFile: join(layout.dir, `${name}.log`),
});

// A test cluster lives for minutes: losing it with the machine is fine, so nothing waits for the disk.
export const etcd = (layout: Layout): Program =>
  program(layout, "etcd", {
    "data-dir": join(layout.dir, "etcd"),
    "listen-client-urls": `http://${HOST}:${layout.etcdPort}`,
    "advertise-client-urls": `http://${HOST}:${layout.etcdPort}`,
    "listen-peer-urls": `http://${HOST}:${layout.etcdPeerPort}`,
    "initial-advertise-peer-urls": `http://${HOST}:${layout.etcdPeerPort}`,
    "initial-cluster": `default=http://${HOST}:${layout.etcdPeerPort}`,
    "unsafe-no-fsync": true,
    "log-level": "warn",
  });

const places = ({ address, dir }: Layout): Readonly<Record<string, string>> =>
  address === undefined
    ? // Nothing reaches the API server through a Service here, and a loopback address is not allowed in one.
      { "bind-address": HOST, "endpoint-reconciler-type": "none" }
    : {
        "bind-address": "0.0.0.0",
        "advertise-address": address,
        // For logs and exec, which it asks of the kubelet.
        "kubelet-client-certificate": join(dir, "kubelet-client.crt"),
        "kubelet-client-key": join(dir, "kubelet-client.key"),
        "kubelet-preferred-address-types": "InternalIP",
      };

export const apiServer = (layout: Layout): Program =>
  program(
    layout,
    "kube-apiserver",
    {
      "etcd-servers": `http://${HOST}:${layout.etcdPort}`,
      "secure-port": layout.apiPort,
      ...places(layout),
      "tls-cert-file": join(layout.dir, "apiserver.crt"),
      "tls-private-key-file": join(layout.dir, "apiserver.key"),
      "client-ca-file": join(layout.dir, "ca.crt"),
      "cert-dir": layout.dir,
      "authorization-mode": "Node,RBAC",
      "enable-admission-plugins": "NodeRestriction",
      "service-account-issuer": "https://kubernetes.default.svc",
      "service-account-key-file": join(layout.dir, "sa.pub"),
      "service-account-signing-key-file": join(layout.dir, "sa.key"),
      "service-cluster-ip-range": "10.96.0.0/24",
      ...(layout.auditLog === undefined
        ? {}
        : {
            "audit-policy-file": join(layout.dir, "audit-policy.json"),
            "audit-log-path": layout.auditLog,
            // An answered request is in the log, and the log is never rotated while somebody counts it.
            "audit-log-mode": "blocking-strict",
            "audit-log-maxsize": 10_000,
          }),
    },
    layout.apiServerFrom,
  );

export const controllerManager = (layout: Layout): Program =>
  program(layout, "kube-controller-manager", {
    kubeconfig: join(layout.dir, "controller-manager.yaml"),
    "service-account-private-key-file": join(layout.dir, "sa.key"),
    "root-ca-file": join(layout.dir, "ca.crt"),
    "use-service-account-credentials": true,
    "leader-elect": false,
    "secure-port": 0,
    // Its defaults do fewer than three Jobs a second.
    "kube-api-qps": 2000,
    "kube-api-burst": 4000,
    "concurrent-job-syncs": 50,
  });

export const scheduler = (layout: Layout): Program =>
  program(layout, "kube-scheduler", {
    kubeconfig: join(layout.dir, "scheduler.yaml"),
    "leader-elect": false,
    "secure-port": 0,
    "kube-api-qps": 2000,
    "kube-api-burst": 4000,
  });
