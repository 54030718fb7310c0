import assert from 'node:assert/strict';
import { NO_TRAFFIC } from '../../../runtime/core/evidence/sample.ts';
import { parseMetrics } from '../../../runtime/sidecar/parse-runner-metrics.ts';

const runner = (lines: string[]): string =>
  [
    '# HELP gitlab_runner_concurrent x',
    '# TYPE gitlab_runner_concurrent gauge',
    'gitlab_runner_concurrent 10',
    ...lines,
    '',
  ].join('\n');
const request = (endpoint: string, status: string, count: number) =>
  `gitlab_runner_api_request_statuses_total{endpoint="${endpoint}",method="post",runner="t1_AbC",status="${status}",system_id="r_0123456789ab"} ${count}`;

const sampleOf = (text: string) => {
  const parsed = parseMetrics(text);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.why);
  return parsed.value;
};

describe('the runner’s metrics', () => {
  it('become a sample: calls by result, jobs, capacity, the main loop and polls under way', () => {
    const sample = sampleOf(
      runner([
        request('request_job', '201', 3),
        request('request_job', '204', 40),
        request('request_job', '409', 1),
        request('request_job', '403', 5),
        request('request_job', '401', 1),
        request('request_job', '502', 7),
        request('request_job', '429', 2),
        request('request_job', '-1', 6),
        request('update_job', '200', 11),
        request('patch_trace', '202', 12),
        request('patch_trace', '500', 4),
        request('patch_trace', '-1', 2),
        request('discovery', '200', 99),
        'gitlab_runner_errors_total{level="error"} 2',
        'gitlab_runner_errors_total{level="warning"} 3',
        'gitlab_runner_worker_health_check_failures_total{runner="t1_AbC"} 1',
        'gitlab_runner_worker_feeds_total{runner="t1_AbC"} 70',
        'gitlab_runner_worker_feed_failures_total{runner="t1_AbC"} 5',
        'gitlab_runner_request_concurrency{runner="t1_AbC",system_id="r_0123456789ab"} 1',
        'gitlab_runner_request_concurrency_hard_limit{runner="t1_AbC",system_id="r_0123456789ab"} 8',
        'gitlab_runner_job_router_get_job_duration_seconds_bucket{le="0.05"} 8',
        'gitlab_runner_job_router_get_job_duration_seconds_count 9',
        'gitlab_runner_jobs{executor_stage="docker_run",runner="t1_AbC",stage="step_script",state="running"} 2',
        'gitlab_runner_jobs{executor_stage="",runner="t1_AbC",stage="",state="pending"} 1',
        'gitlab_runner_limit{runner="t1_AbC",runner_name="a {b} \\"c\\", d",system_id="r_0123456789ab"} 4',
        'process_start_time_seconds 1.7e+09',
      ]),
    );
    assert.deepEqual(sample, {
      polls: { answered: 44, unauthorized: 6, failed: 9, unanswered: 6 },
      reports: { answered: 23, unauthorized: 0, failed: 4, unanswered: 2 },
      routerRequests: 9,
      healthFailures: 1,
      feeds: 75,
      pollsUnderWay: 1,
      jobs: 3,
      capacity: 4,
      draining: false,
      startedAt: 1.7e9,
    });
  });

  it('of a runner that has sent no request yet become a sample of zeros; metrics that it lacks are undefined', () => {
    assert.deepEqual(sampleOf(runner([])), { ...NO_TRAFFIC, capacity: 10 });
  });

  describe('of a runner that drains', () => {
    const slots = (started: number, now: number) => [
      `gitlab_runner_worker_slot_operations_total{operation="started"} ${started}`,
      'gitlab_runner_worker_slot_operations_total{operation="stopped"} 0',
      `gitlab_runner_worker_slots_number ${now}`,
    ];
    const state = (name: string) => `gitlab_runner_process_state_info{state="${name}"} 1`;
    const isDraining = (...lines: string[]) => sampleOf(runner(lines)).draining;

    it('show fewer worker slots than concurrent after all slots were started', () => {
      assert.equal(isDraining(...slots(10, 10)), false);
      assert.equal(isDraining(...slots(10, 3)), true);
    });

    it('differ from those of a runner that is just starting', () => {
      assert.equal(isDraining(...slots(0, 0)), false);
      assert.equal(isDraining(...slots(4, 4)), false);
    });

    it('contain its state since gitlab-runner 19.1', () => {
      assert.equal(isDraining(state('running'), ...slots(10, 3)), false);
      assert.equal(isDraining(state('graceful-shutdown'), ...slots(10, 10)), true);
      assert.equal(isDraining(state('forceful-shutdown')), true);
    });
  });

  it('give the smaller of concurrent and limit as capacity, where a limit of 0 means no limit', () => {
    const limit = (value: number) => `gitlab_runner_limit{runner="t1_AbC"} ${value}`;
    assert.equal(sampleOf(runner([limit(0)])).capacity, 10);
    assert.equal(sampleOf(runner([limit(3)])).capacity, 3);
    assert.equal(sampleOf(runner([limit(30)])).capacity, 10);
    assert.equal(sampleOf('gitlab_runner_concurrent 0\n').capacity, undefined);
  });

  const broken: [string, string][] = [
    ['another program’s metrics', 'go_goroutines 7\n'],
    ['a page', '<html>gitlab_runner_concurrent 10</html>'],
    ['nothing', ''],
    ['a line that breaks off', runner(['gitlab_runner_api_request_statuses_total{endpoint="request_jo'])],
    ['a count that is none', runner(['gitlab_runner_jobs{state="running"} many'])],
    ['a count below nothing', runner(['gitlab_runner_jobs{state="running"} -1'])],
    ['labels that are none', runner(['gitlab_runner_jobs{state=running} 1'])],
  ];
  for (const [name, text] of broken)
    it(`are unreadable, not zero, when they are ${name}`, () => {
      assert.equal(parseMetrics(text).ok, false);
    });
});
