/** Incidents in memory. */
import type { Incidents } from '../../runtime/ports.ts';

export interface KeptIncident {
  readonly number: number;
  readonly url: string;
  readonly title: string;
  readonly text: string;
  open: boolean;
}

export const keptIncidents = (all: KeptIncident[] = []): Incidents => ({
  open: async () => ({ kind: 'found', value: all.filter(({ open }) => open), at: 1 }),
  raise: async (title, text) => {
    const number = all.length + 1;
    const made = { number, url: `https://gitlab.example.com/rnd/status/-/issues/${number}`, title, text, open: true };
    all.push(made);
    return { kind: 'found', value: made, at: 1 };
  },
  close: async (number) => {
    const found = all.find((incident) => incident.number === number);
    if (!found) return { kind: 'absent', at: 1 };
    found.open = false;
    return { kind: 'found', value: true, at: 1 };
  },
});
