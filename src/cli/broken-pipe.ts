/** Whoever reads may stop reading: what was asked is done all the same, and the exit code says how it went. */
export function goOnUnread(stream: NodeJS.WritableStream): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED") throw error;
  });
}
