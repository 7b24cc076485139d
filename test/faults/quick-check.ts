/** The image of the quick check, as the stand-in for the kubelet knows it. */
export const QUICK_IMAGE = "ashat:quick";

/** Targets that are marked here fail it. */
export const SICK = "/tmp/ashat-sick";

export const quickCheck: readonly string[] = ["/bin/bash", new URL("quick-check.sh", import.meta.url).pathname, SICK];
