/** Notifications in virtual time: the status project's incidents, and a webhook that hangs for every other checker. */
import type { Read } from '../../runtime/core/model/read.ts';
import type { Incident, Incidents, Notifier } from '../../runtime/ports.ts';
import { unknownOf } from '../../runtime/adapters/gitlab/read.ts';
import { unknown } from '../../runtime/core/model/read.ts';
import { PROJECT, type SimulatedGitLab } from './gitlab.ts';
import type { Process } from './process.ts';

export function incidentsOf(gitlab: SimulatedGitLab, process: Process, requestSeconds: number): Incidents {
  const issues = gitlab.model.issues(PROJECT);
  const path = `/projects/${PROJECT}/issues`;
  const ask = <T>(method: 'GET' | 'POST' | 'PUT', under: string, land: () => T | undefined): Promise<Read<T>> =>
    gitlab.call<Read<T>>({
      process,
      method,
      path: under,
      limitMs: requestSeconds * 1000,
      land: () => gitlab.found(land()),
      failed: unknownOf,
    });
  const viewOf = (iid: number): Incident => ({ number: iid, url: `https://gitlab.example.com/issues/${iid}` });
  return {
    open: () => ask('GET', path, () => issues.find('opened', ['hadr-incident']).map(({ iid }) => viewOf(iid))),
    raise: (title, description) =>
      ask('POST', path, () => {
        const made = {
          title,
          description,
          labels: ['hadr-incident'],
          type: 'incident',
          author: process.cluster,
        } as const;
        return viewOf(issues.open({ ...made, id: issues.all.length + 1 }).iid);
      }),
    close: (number) =>
      ask<true>('PUT', `${path}/${number}`, () => {
        const found = issues.all.find(({ iid }) => iid === number);
        if (!found) return undefined;
        issues.setState(found, 'close');
        return true;
      }),
  };
}

/** The protocol must not depend on it: it answers quickly, or hangs for all of r. */
export const notifierOf = (process: Process, requestSeconds: number): Notifier => ({
  send: async () => {
    const hangs = process.id % 2 === 0;
    await process.clock.sleep(hangs ? requestSeconds * 1000 : 50);
    return hangs ? unknown('the webhook hangs') : { kind: 'sent' };
  },
});
