import assert from 'node:assert/strict';
import { dueMinute } from '../../../lab/kubernetes/controllers/cronjobs.ts';
import { rollout, type PodOfRollout } from '../../../lab/kubernetes/controllers/deployments.ts';
import { parseSchedule } from '../../../lab/kubernetes/controllers/schedule.ts';
import { expand } from '../../../lab/kubernetes/kubelet/env.ts';
import { rewriter } from '../../../lab/kubernetes/kubelet/paths.ts';

describe('lab cron schedules', () => {
  const at = (schedule: string, time: string) => parseSchedule(schedule)?.(new Date(time));
  it('understand wildcards, lists, ranges and steps', () => {
    assert.equal(at('* * * * *', '2026-03-01T10:07:00Z'), true);
    assert.equal(at('*/15 * * * *', '2026-03-01T10:45:00Z'), true);
    assert.equal(at('*/15 * * * *', '2026-03-01T10:46:00Z'), false);
    assert.equal(at('5,7-9 10 * * *', '2026-03-01T10:08:00Z'), true);
    assert.equal(at('5,7-9 10 * * *', '2026-03-01T10:06:00Z'), false);
  });
  it('match either day when day of month and day of week are both restricted', () => {
    assert.equal(at('0 0 13 * 5', '2026-03-13T00:00:00Z'), true);
    assert.equal(at('0 0 13 * 5', '2026-03-06T00:00:00Z'), true, 'a Friday');
    assert.equal(at('0 0 13 * 5', '2026-03-07T00:00:00Z'), false);
  });
  it('know names and macros, as Kubernetes does', () => {
    assert.equal(at('0 0 * jul mon', '2026-07-06T00:00:00Z'), true);
    assert.equal(at('@hourly', '2026-03-01T10:00:00Z'), true);
  });
  it('refuse what Kubernetes refuses', () => {
    for (const text of [
      '',
      '* * * *',
      '60 * * * *',
      '5-3 * * * *',
      '*/0 * * * *',
      '0 * * * * *',
      '0 0 L * *',
      '0 0 * * fri#1',
    ])
      assert.equal(parseSchedule(text), undefined, text);
  });
  it('repeat only the newest missed start', () => {
    const every = parseSchedule('* * * * *');
    assert.ok(every);
    assert.equal(dueMinute(every, 10, 10), undefined);
    assert.equal(dueMinute(every, 10, 14), 14);
    assert.equal(
      dueMinute(() => false, 10, 14),
      undefined,
    );
  });
});

describe('lab Deployment rollout', () => {
  const spec = (replicas: number, type: 'RollingUpdate' | 'Recreate' = 'RollingUpdate') => ({
    replicas,
    strategy: { type, rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
  });
  const pod = (name: string, current: boolean, ready: boolean, leaving = false): PodOfRollout => ({
    name,
    current,
    ready,
    leaving,
  });

  it('creates missing pods', () => {
    assert.deepEqual(rollout(spec(3), []), { create: 3, remove: [] });
    assert.deepEqual(rollout(spec(2), [pod('a', true, true), pod('b', true, true)]), { create: 0, remove: [] });
  });
  it('starts the new pod before an old one stops', () => {
    const old = [pod('o1', false, true), pod('o2', false, true)];
    assert.deepEqual(rollout(spec(2), old), { create: 1, remove: [] });
    assert.deepEqual(rollout(spec(2), [...old, pod('n1', true, false)]), { create: 0, remove: [] });
    assert.deepEqual(rollout(spec(2), [...old, pod('n1', true, true)]), { create: 0, remove: ['o1'] });
  });
  it('removes unready old pods at once', () => {
    const pods = [pod('o1', false, false), pod('o2', false, true)];
    assert.deepEqual(rollout(spec(2), pods), { create: 1, remove: ['o1'] });
  });
  it('scales down unready pods first, and does not count pods that are being deleted', () => {
    const pods = [pod('a', true, true), pod('b', true, false), pod('c', true, true)];
    assert.deepEqual(rollout(spec(2), pods), { create: 0, remove: ['b'] });
    assert.deepEqual(rollout(spec(1), [pod('gone', true, true, true)]), { create: 1, remove: [] });
  });
  it('with Recreate waits until the last old pod is gone', () => {
    assert.deepEqual(rollout(spec(1, 'Recreate'), [pod('o', false, true)]), { create: 0, remove: ['o'] });
    assert.deepEqual(rollout(spec(1, 'Recreate'), [pod('o', false, true, true)]), { create: 0, remove: [] });
    assert.deepEqual(rollout(spec(1, 'Recreate'), []), { create: 1, remove: [] });
  });
});

describe('lab container paths', () => {
  const rewrite = rewriter([
    { containerPath: '/etc/app', hostPath: '/tmp/x/volumes/app' },
    { containerPath: '/etc/app/deep/', hostPath: '/tmp/x/volumes/deep' },
    { containerPath: '/tmp', hostPath: '/tmp/x/volumes/tmp' },
  ]);
  it('replaces a mounted path at each place where a path can begin', () => {
    assert.equal(rewrite('/etc/app'), '/tmp/x/volumes/app');
    assert.equal(rewrite('--config=/etc/app/a.json'), '--config=/tmp/x/volumes/app/a.json');
    assert.equal(
      rewrite(`cat "/etc/app/a" >/etc/app/b;ls /etc/app`),
      `cat "/tmp/x/volumes/app/a" >/tmp/x/volumes/app/b;ls /tmp/x/volumes/app`,
    );
  });
  it('uses the longest mount, in one pass', () => {
    assert.equal(rewrite('/etc/app/deep/f /tmp/y'), '/tmp/x/volumes/deep/f /tmp/x/volumes/tmp/y');
  });
  it('does not change names with the same beginning, or parts of longer paths', () => {
    for (const text of ['/etc/apple', '/etc/app-2', '/etc/app.d', '/srv/etc/app', '${HOME}/tmp/x', 'relative/etc/app'])
      assert.equal(rewrite(text), text);
  });
});

describe('lab env references', () => {
  it('expand known names, keep unknown and escaped ones', () => {
    assert.equal(expand('$(A)-$(B)-$$(A)-$A', { A: '1' }), '1-$(B)-$(A)-$A');
  });
});
