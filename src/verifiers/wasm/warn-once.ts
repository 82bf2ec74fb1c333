let warned = false;

/** Says it in the console, once however many verifiers there are. */
export function warnOnce(reason: Error): void {
  if (warned) return;
  warned = true;
  console.warn(
    `rx-relay-pool verifies signatures in plain JavaScript, which is some 20 times as slow: ${reason.message}`,
  );
}
