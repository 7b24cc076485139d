/** A Secret that names no cluster one may connect to; the message says which key, and what to put there. */
export class ClusterRefused extends Error {
  override readonly name = "ClusterRefused";
  readonly key: string;

  constructor(key: string, why: string) {
    super(why);
    this.key = key;
  }
}
