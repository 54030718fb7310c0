/** Pages for a browser: the runners of the instance, and a project with its README. No scripts, no assets. */
import type { Project } from '../model/access.ts';
import type { GitLabModel } from '../model/gitlab.ts';
import type { Manager, Runner } from '../model/runners.ts';
import { escapeHtml, markdown } from './markdown.ts';

export interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const html = (status: number, body: string): Page => ({ status, type: 'text/html; charset=utf-8', body });

const STYLE = [
  'body{font:15px/1.5 system-ui,sans-serif;margin:0;color:#28272d;background:#fbfafd}',
  'header{background:#171321;padding:.7rem 1.5rem}header a{color:#fff;margin-right:1.2rem;text-decoration:none}',
  'main{max-width:70rem;margin:1.5rem auto;padding:0 1.5rem}',
  'table{border-collapse:collapse;width:100%;background:#fff}',
  'td,th{border:1px solid #dcdcde;padding:.45rem .7rem;text-align:left;vertical-align:top}th{background:#f3f2f6}',
  'code,pre{font-family:ui-monospace,monospace;font-size:13px}',
  'pre{background:#fff;border:1px solid #dcdcde;padding:1rem;overflow:auto}',
  '.tag{background:#e9f3fc;border-radius:1rem;padding:.1rem .6rem;margin-right:.3rem;white-space:nowrap}',
  '.online{color:#24663b}.offline,.stale{color:#ae1800}.quiet{color:#626168}',
].join('');

const frame = (title: string, body: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="5">` +
  `<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body><header><a href="/"><b>GitLab (lab)</b></a>` +
  `<a href="/admin/runners">Runners</a></header><main>${body}</main></body></html>`;

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[], cell: string): string =>
    `<tr>${cells.map((html) => `<${cell}>${html}</${cell}>`).join('')}</tr>`;
  return `<table>${row(heads, 'th')}${rows.map((cells) => row(cells, 'td')).join('')}</table>`;
}

function managerHtml(model: GitLabModel, runner: Runner, manager: Manager): string {
  const at = model.runners.contactedAt(manager.contact);
  const age = at === undefined ? 'never' : `${Math.round((model.now() - at) / 1000)} s ago`;
  const jobs = model.jobs.runsOn(runner.id, manager.systemId) ? ', runs jobs' : '';
  return `<code>${escapeHtml(manager.systemId)}</code> ${age}${jobs}`;
}

function runnersPage(model: GitLabModel): string {
  const rows = [...model.runners.all.values()].map((runner) => {
    const status = model.runners.status(runner);
    return [
      `#${runner.id} ${escapeHtml(runner.description)}`,
      `<span class="${status}">${status}</span>`,
      runner.tags.map((tag) => `<span class="tag">${escapeHtml(tag)}</span>`).join(''),
      [...runner.managers.values()].map((manager) => managerHtml(model, runner, manager)).join('<br>'),
      `<span class="quiet">${escapeHtml(runner.note ?? '').replaceAll('\n', '<br>')}</span>`,
    ];
  });
  const heads = ['Runner', 'Status', 'Tags', 'Managers, last contact', 'Maintenance note'];
  return frame('Runners', `<h1>Runners</h1>${table(heads, rows)}`);
}

function projectPage(model: GitLabModel, project: Project): string {
  const repository = model.repository(project.id);
  const tree = repository.head('main')?.tree ?? new Map<string, string>();
  const link = (file: string): string =>
    `<li><a href="/${project.path}/-/blob/main/${file}">${escapeHtml(file)}</a></li>`;
  const commits = repository
    .log('main')
    .slice(0, 15)
    .map((commit) => [new Date(commit.at).toISOString(), escapeHtml(commit.author), escapeHtml(commit.message)]);
  const issues = model
    .issues(project.id)
    .find('all', [])
    .map(({ iid, title, closedAt, description }) => [
      `#${iid} ${escapeHtml(title)}`,
      closedAt === undefined ? 'open' : 'closed',
      markdown(description, `/${project.path}`),
    ]);
  const files = [...tree.keys()].toSorted().map(link).join('');
  return frame(
    project.path,
    `<h1>${escapeHtml(project.path)}</h1><ul>${files}</ul>${markdown(tree.get('README.md') ?? '', `/${project.path}`)}` +
      (issues.length > 0 ? `<h2>Issues</h2>${table(['Issue', 'State', 'What'], issues)}` : '') +
      `<h2>Commits</h2>${table(['When', 'Who', 'What'], commits)}`,
  );
}

function indexPage(model: GitLabModel): string {
  const projects = [...model.access.projects.values()].map(
    (project) => `<li><a href="/${project.path}">${escapeHtml(project.path)}</a></li>`,
  );
  return frame('GitLab (lab)', `<h1>Projects</h1><ul>${projects.join('')}</ul>`);
}

/** A file or a folder's list; `raw` is the file itself. */
function filePage(model: GitLabModel, project: Project, view: string, path: string): Page {
  const tree = model.repository(project.id).head('main')?.tree ?? new Map<string, string>();
  const text = tree.get(path);
  if (text === undefined) {
    const inside = [...tree.keys()].filter((file) => file.startsWith(`${path}/`)).toSorted();
    if (inside.length === 0) return html(404, frame('404', '<h1>404</h1><p>No such file.</p>'));
    const items = inside.map(
      (file) => `<li><a href="/${project.path}/-/blob/main/${file}">${escapeHtml(file)}</a></li>`,
    );
    return html(200, frame(path, `<h1>${escapeHtml(path)}</h1><ul>${items.join('')}</ul>`));
  }
  if (view === 'raw')
    return { status: 200, type: path.endsWith('.svg') ? 'image/svg+xml' : 'text/plain; charset=utf-8', body: text };
  const body = path.endsWith('.md') ? markdown(text, `/${project.path}`) : `<pre>${escapeHtml(text)}</pre>`;
  return html(200, frame(path, `<h1>${escapeHtml(path)}</h1>${body}`));
}

export function renderPage(model: GitLabModel, path: string): Page {
  if (path === '/') return html(200, indexPage(model));
  if (path === '/admin/runners') return html(200, runnersPage(model));
  const [, name = '', view, file] = /^\/(.+?)(?:\/-\/(blob|raw)\/main\/(.+))?$/.exec(path) ?? [];
  const project = [...model.access.projects.values()].find((candidate) => candidate.path === name);
  if (!project) return html(404, frame('404', '<h1>404</h1><p>Page not found.</p>'));
  if (view === undefined || file === undefined) return html(200, projectPage(model, project));
  return filePage(model, project, view, file);
}
