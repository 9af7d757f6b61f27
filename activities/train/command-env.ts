/**
 * What a trainer inherits from the worker's environment: what programs need to run at all, to find their GPUs and
 * to trust certificates. A list of what may pass rather than of what may not, because the worker's environment
 * holds the keys of the store and of the endpoints, under names that nobody can list in advance (profiles, proxies
 * with passwords, whatever an endpoint's configuration names), and a training script with its hundred dependencies
 * has no business with them. What a trainer does need beyond this the worker's configuration says in `env`.
 */
const INHERITED = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  'TMPDIR',
  'LD_LIBRARY_PATH',
  'CUDA_HOME',
  'CUDA_VISIBLE_DEVICES',
  'CUDA_DEVICE_ORDER',
  'NVIDIA_VISIBLE_DEVICES',
  'NVIDIA_DRIVER_CAPABILITIES',
  'HIP_VISIBLE_DEVICES',
  'ROCR_VISIBLE_DEVICES',
  'OMP_NUM_THREADS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
] as const;

/** The environment of a trainer: the listed part of the worker's, then what the configuration sets. */
export function trainerEnv(
  worker: Readonly<Record<string, string | undefined>>,
  configured: Readonly<Record<string, string>>,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of INHERITED) {
    const value = worker[name];
    if (value !== undefined) env[name] = value;
  }
  return { ...env, ...configured };
}

/** Values of a configured environment that must not be shown, judged by their names: a trainer may print them. */
export function secretsOf(configured: Readonly<Record<string, string>>): string[] {
  return Object.entries(configured)
    .filter(([name, value]) => /KEY|TOKEN|SECRET|PASSW|CREDENTIAL/i.test(name) && value.length >= 6)
    .map(([, value]) => value);
}
