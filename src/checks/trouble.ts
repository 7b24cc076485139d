import { refusalIn } from "../dial/address-rules.ts";

/**
 * Where an error proves something. **The target's fault (`Failed`)**: connection refused or reset, no answer in time, a
 * certificate that is not the trusted one, a broken handshake or answer. **The runner's fault (`Inconclusive`)**: a name its
 * DNS does not know, an address nobody may connect to, no route from where it runs, its own limits and permissions, being stopped, anything unforeseen. A wrong
 * `Failed` can put production back, so what is not clearly the target's is no proof.
 */
export interface Trouble {
  readonly at: "target" | "runner";
  /** Nothing was answered and a restart explains it: worth asking again before it counts as proof. */
  readonly passing: boolean;
  /** The request cannot have reached the application, so even a POST may be sent again. */
  readonly unsent: boolean;
  readonly message: string;
}

const TARGET: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refuses the connection",
  ECONNRESET: "closed the connection without an answer",
  EPIPE: "closed the connection while it was asked",
  UND_ERR_SOCKET: "closed the connection without an answer",
  ETIMEDOUT: "does not accept the connection in time",
  UND_ERR_CONNECT_TIMEOUT: "does not accept the connection in time",
  UND_ERR_HEADERS_TIMEOUT: "accepts the connection but does not answer in time",
  UND_ERR_BODY_TIMEOUT: "stops in the middle of its answer",
  UND_ERR_HEADERS_OVERFLOW: "answers with headers of unreasonable size",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "answers with another length than it announces",
};

const PASSING = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);
const UNSENT = new Set(["ECONNREFUSED", "ETIMEDOUT", "UND_ERR_CONNECT_TIMEOUT"]);

/** The first code in an error, its causes and, for several addresses tried, its parts. */
export const codeOf = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined;
  if ("code" in error && typeof error.code === "string" && error.code !== "") return error.code;
  if (error instanceof AggregateError) return error.errors.map(codeOf).find((code) => code !== undefined);
  return codeOf(error.cause);
};

const isTls = (code: string): boolean =>
  code === "EPROTO" || code.startsWith("ERR_SSL_") || code === "ERR_TLS_HANDSHAKE_TIMEOUT";

export interface Circumstances {
  /** The place as messages name it; never a URL with a password. */
  readonly where: string;
  readonly deadlineMs: number;
  readonly late: boolean;
  readonly stopped: boolean;
  readonly wrongCertificate: boolean;
}

const at = (place: "target" | "runner", message: string, passing = false, unsent = false): Trouble => ({
  at: place,
  message,
  passing,
  unsent,
});

export const troubleOf = (
  error: unknown,
  { where, deadlineMs, late, stopped, wrongCertificate }: Circumstances,
): Trouble => {
  const text = error instanceof Error ? error.message : String(error);
  const code = codeOf(error) ?? "";
  if (stopped) return at("runner", `The check of ${where} was stopped before it had an answer.`);
  const refusal = refusalIn(error);
  if (refusal !== undefined) return at("runner", `${where} was not asked: ${refusal.message}`);
  if (late) return at("target", `${where} did not answer within ${deadlineMs} ms.`);
  if (wrongCertificate)
    return at(
      "target",
      `The certificate of ${where} is not the trusted one: ${text.replace(/; if the root CA is installed locally.*$/s, "").replace(/\.$/, "")}.`,
    );
  if (code in TARGET) return at("target", `${where} ${TARGET[code]} (${code}).`, PASSING.has(code), UNSENT.has(code));
  // The parser gives a code for some violations only.
  if (code.startsWith("HPE_") || (error instanceof Error && error.name === "HTTPParserError"))
    return at("target", `${where} answers something that is not HTTP.`);
  if (isTls(code)) return at("target", `${where} breaks the TLS handshake (${code}).`);
  if (code === "ENOTFOUND" || code.startsWith("EAI_"))
    return at("runner", `The name of ${where} cannot be resolved from where the check runs (${code}).`);
  if (code.endsWith("UNREACH") || code === "ENETDOWN")
    return at("runner", `There is no route to ${where} from where the check runs (${code}).`);
  return at("runner", `The check of ${where} could not be made: ${text || code || "unknown error"}.`);
};
