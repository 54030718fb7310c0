/** gitlab-runner's metrics by their real names and labels (network/api_requests_collector.go, commands/multi.go). */
import * as http from 'node:http';

export class Metrics {
  private readonly requests = new Map<string, number>();
  jobs = 0;
  healthFailures = 0;
  private readonly labels: string;
  private readonly concurrent: number;
  private readonly limit: number;

  constructor(options: {
    readonly runner: string;
    readonly systemId: string;
    readonly concurrent: number;
    readonly limit: number;
  }) {
    this.labels = `runner="${options.runner}",runner_name="lab",system_id="${options.systemId}"`;
    this.concurrent = options.concurrent;
    this.limit = options.limit;
  }

  /** `status` is GitLab's, or -1 where no answer came. */
  count(endpoint: 'request_job' | 'update_job' | 'patch_trace', method: string, status: number): void {
    const key = `endpoint="${endpoint}",method="${method}",status="${status}"`;
    this.requests.set(key, (this.requests.get(key) ?? 0) + 1);
  }

  text(): string {
    const lines = [
      '# HELP gitlab_runner_api_request_statuses_total The total number of api requests, partitioned by runner, endpoint and status.',
      '# TYPE gitlab_runner_api_request_statuses_total counter',
      ...[...this.requests].map(
        ([key, count]) => `gitlab_runner_api_request_statuses_total{${key},${this.labels}} ${count}`,
      ),
      '# TYPE gitlab_runner_jobs gauge',
      ...(this.jobs > 0
        ? [`gitlab_runner_jobs{executor_stage="run",stage="step_script",state="running",${this.labels}} ${this.jobs}`]
        : []),
      '# TYPE gitlab_runner_concurrent gauge',
      `gitlab_runner_concurrent ${this.concurrent}`,
      '# TYPE gitlab_runner_limit gauge',
      `gitlab_runner_limit{${this.labels}} ${this.limit}`,
      '# TYPE gitlab_runner_worker_health_check_failures_total counter',
      `gitlab_runner_worker_health_check_failures_total{${this.labels}} ${this.healthFailures}`,
      '# TYPE gitlab_runner_version_info gauge',
      'gitlab_runner_version_info{architecture="amd64",branch="lab",name="gitlab-runner",os="linux",version="19.4.0"} 1',
    ];
    return `${lines.join('\n')}\n`;
  }
}

/** Serves `/metrics` where config.toml says. */
export function serveMetrics(metrics: Metrics, address: string): http.Server {
  const [, host = '', port = '9252'] = /^(.*):(\d+)$/.exec(address) ?? [];
  const server = http.createServer((request, response) => {
    const known = request.url === '/metrics';
    response.statusCode = known ? 200 : 404;
    response.setHeader('Content-Type', 'text/plain; version=0.0.4');
    response.end(known ? metrics.text() : '404 page not found\n');
  });
  server.on('error', (error) => process.stderr.write(`FATAL: cannot listen on ${address}: ${error.message}\n`));
  server.listen(Number(port), host === '' ? '127.0.0.1' : host);
  return server;
}
