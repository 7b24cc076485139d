import type { Connection, Tls } from "./connection.ts";

const pem = (value: unknown): string | undefined =>
  typeof value === "string" ? value : Buffer.isBuffer(value) ? value.toString("utf8") : undefined;

/**
 * Credentials of `exec` and `auth-provider` users. The library that runs these plugins is large,
 * so it is loaded only for a kubeconfig that has such a user, which no pod has.
 */
export const pluginCredentials = async (
  path: string,
  context: string,
): Promise<{ readonly tls: Pick<Tls, "cert" | "key">; readonly authorization: Connection["authorization"] }> => {
  const { KubeConfig } = await import("@kubernetes/client-node");
  const load = () => {
    const config = new KubeConfig();
    config.loadFromFile(path);
    config.setCurrentContext(context);
    return config;
  };
  let config = load();
  const ask = async () => {
    const options: { headers?: Record<string, unknown>; cert?: unknown; key?: unknown } = {};
    await config.applyToHTTPSOptions(options as Parameters<typeof config.applyToHTTPSOptions>[0]);
    return options;
  };
  const first = await ask();
  const cert = pem(first.cert);
  const key = pem(first.key);
  return {
    tls: { ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) },
    authorization: async (fresh) => {
      // A new object has an empty credential cache: the refused token is not offered again.
      if (fresh) config = load();
      const value = (await ask()).headers?.["Authorization"];
      return typeof value === "string" ? value : undefined;
    },
  };
};
