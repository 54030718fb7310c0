/**
 * Paths inside the containers. They occur only in a container's command, args, env and mounts, never in a config file, so that
 * the lab can mount the volumes elsewhere. No path begins with another.
 */
export const RUNNER_DIR = '/var/lib/gitlab-runner';
export const RUNNER_CONFIG = `${RUNNER_DIR}/config.toml`;
/** Beside the config, which names it without a folder: the runner's working directory is here. */
export const CA_FILE = 'gitlab-ca.crt';
export const SYSTEM_ID = `${RUNNER_DIR}/.runner_system_id`;
export const RUNNER_SECRET_DIR = '/etc/hadr/runner';
export const HEALTH_DIR = '/run/hadr';
export const HEALTH_FILE = `${HEALTH_DIR}/health`;
export const CODE_DIR = '/usr/local/lib/hadr';
export const CONFIG_DIR = '/etc/hadr/config';
export const TOKENS_DIR = '/etc/hadr/tokens';
/** For the checker. The runner's executor looks for its token at the path that client libraries know. */
export const SERVICE_ACCOUNT_DIR = '/etc/hadr/service-account';
export const EXECUTOR_SERVICE_ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount';
export const TERMINATION_LOG = '/dev/termination-log';
