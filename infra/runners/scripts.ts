/** The shell commands that start the runner, for `sh` of Debian and of BusyBox. The probes' are in runtime/sidecar/health.ts. */
import { RUNNER_CONFIG, RUNNER_DIR, RUNNER_SECRET_DIR, SYSTEM_ID } from '../kubernetes/paths.ts';

const sh = (script: string): string[] => ['sh', '-c', script];

/**
 * Before the runner starts. The system id comes from the pod's uid: left alone, runners whose image or node shares a
 * machine id would report as one manager, and a random id on every restart leaves a dead manager for a week.
 */
export const prepareCommand = (): string[] =>
  sh(
    [
      'set -eu',
      'umask 077',
      // -f: a Secret's files are read-only, and after a reboot of the node this runs again over its own copies.
      `cp -f ${RUNNER_SECRET_DIR}/* ${RUNNER_DIR}/`,
      `printf 'r_%s' "$(printf '%s' "$POD_UID" | tr -d '-' | cut -c1-12)" > ${SYSTEM_ID}`,
    ].join('\n'),
  );

/**
 * Kubernetes stops a pod with SIGTERM, on which gitlab-runner aborts its jobs; on SIGQUIT it finishes them first. The
 * first `wait` ends when the trap has run, so the wrapper waits again until the runner itself has gone.
 */
export const runCommand = (): string[] =>
  sh(
    [
      `gitlab-runner run --config ${RUNNER_CONFIG} --working-directory ${RUNNER_DIR} &`,
      'runner=$!',
      `trap 'kill -QUIT "$runner"' TERM INT`,
      'wait "$runner"',
      'code=$?',
      'while [ "$code" -gt 128 ] && kill -0 "$runner" 2>/dev/null; do',
      '  wait "$runner"',
      '  code=$?',
      'done',
      'exit "$code"',
    ].join('\n'),
  );
