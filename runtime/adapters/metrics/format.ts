/** Metrics as data, and Prometheus' text format of them (https://prometheus.io/docs/instrumenting/exposition_formats/). */

export interface Metric {
  readonly type: 'gauge' | 'counter';
  /** With its base unit at its end, and `_total` at that of a counter. */
  readonly name: string;
  readonly help: string;
  /** Each of few values: clusters of the fleet, or words of ours. */
  readonly labels: readonly string[];
}

export interface Sample {
  readonly labels?: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** A metric with its samples. Unknown values are left out, as the format's conventions require. */
export type Family = readonly [Metric, readonly Sample[]];

/** One sample without labels, none where the value is not known. */
export const single = (value: number | undefined): readonly Sample[] => (value === undefined ? [] : [{ value }]);

export const bit = (value: boolean): number => (value ? 1 : 0);

const escaped = (value: string): string => value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');

export const render = (families: readonly Family[]): string =>
  families
    .filter(([, samples]) => samples.length > 0)
    .map(([metric, samples]) => family(metric, samples))
    .join('');

function family({ type, name, help, labels }: Metric, samples: readonly Sample[]): string {
  const lines = samples.map(({ labels: given = {}, value }) => {
    if (Object.keys(given).join() !== labels.join()) throw new Error(`${name} has the labels ${labels.join(', ')}`);
    const text = Object.entries(given).map(([key, label]) => `${key}="${escaped(String(label))}"`);
    return `${name}${text.length > 0 ? `{${text.join(',')}}` : ''} ${value}`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`;
}
