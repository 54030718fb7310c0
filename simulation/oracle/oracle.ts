/**
 * Watches from GitLab's side and reports violations of the design's invariants. It knows the true state of the simulated fleet and
 * the log of all calls, but nothing of a checker's memory.
 */
import { parseReport } from '../../runtime/core/model/report.ts';
import type { Lease } from '../../runtime/core/model/lease.ts';
import { leaseFrom } from '../../runtime/core/model/lease.ts';
import type { Health } from '../../runtime/sidecar/health.ts';
import { START } from '../world/gitlab.ts';
import { MAIN_TAG, type Fleet } from '../world/fleet.ts';
import type { Process } from '../world/process.ts';
import { TWIN } from '../world/twin.ts';
import { judgeClaim } from './claims.ts';
import { Continuous, type Disturbances } from './continuous.ts';
import { Outcome } from './outcome.ts';
import { Seen } from './seen.ts';
import { judgeTagWrite } from './writes.ts';

export class Oracle extends Seen {
  readonly continuous: Continuous;
  readonly outcome: Outcome;
  /** When a pod's runner last was unhealthy for a reason of its own. */
  private readonly unwell = new Map<string, number>();

  constructor(fleet: Fleet, disturbances: Disturbances, isAllReported: boolean) {
    super(fleet, isAllReported);
    this.continuous = new Continuous(this, disturbances);
    this.outcome = new Outcome(this, this.continuous, disturbances);
  }

  /** A second stack of one name writes nothing while it could know of the first one. */
  twinWrote(process: Process, what: string): void {
    const cluster = this.fleet.cluster(process.cluster.replace(/-twin$/, ''));
    if (!this.twins.mayWrite(cluster))
      this.violate('I1', `${process.name} has the name of another stack, and wrote ${what}`);
  }

  noteLanded(process: Process, note: string): void {
    if (process.role === TWIN) return this.twinWrote(process, 'a lease');
    const read = leaseFrom(note, process.cluster, Math.floor((START + this.now) / 1000) + 60);
    if (read.kind !== 'lease') return this.violate('stamp', `${process.name} wrote a note without a lease`);
    this.twins.firstWrote(process.cluster);
    this.judgeStamp(process, read.lease);
    const { leaseSeconds, roundSeconds } = this.timing;
    this.stampsOf(process.cluster).add({ landedAt: this.now, lease: read.lease }, leaseSeconds + roundSeconds);
  }

  private judgeStamp(process: Process, lease: Lease): void {
    const { round } = this.of(process);
    const { pods } = round;
    if (!pods || pods.answer.kind === 'unknown')
      return this.violate(
        'stamp',
        `${process.name} stamped ${lease.online}/${lease.total} without knowing its own pods`,
      );
    // GitLab's nodes differ by a second, and its time is cut to whole ones.
    if (lease.at > (START + pods.at) / 1000 + 1.5)
      this.violate(
        'stamp',
        `${process.name} dated a stamp ${lease.at - (START + pods.at) / 1000} s after its look at the pods`,
      );
    const ready = pods.answer.value.reduce((sum, { ready: count, desired }) => sum + Math.min(count, desired), 0);
    // Runners of a record that is paused or gone take no jobs.
    const paused = [...round.records.values()].some(
      ({ answer }) => answer.kind === 'absent' || (answer.kind === 'found' && answer.value.paused),
    );
    // Of adopted runners fewer may be heard than are ready.
    if (lease.online > ready || (lease.online < ready && !paused && !this.fleet.isAdopted))
      this.violate('stamp', `${process.name} stamped ${lease.online} online and saw ${ready} ready pods`);
  }

  tagsLanded(process: Process, id: number, before: readonly string[], after: readonly string[], sentAt: number): void {
    if (process.role === TWIN && after.includes(MAIN_TAG)) return this.twinWrote(process, 'the main tag');
    if (process.role === TWIN) return;
    judgeTagWrite(this, process, { id, before, after, sentAt });
    if (after.includes(MAIN_TAG) && !before.includes(MAIN_TAG)) this.outcome.putOn(this.fleet.owners.get(id) ?? '');
  }

  reportLanded(process: Process, text: string): void {
    if (process.role === TWIN) return this.twinWrote(process, 'the report');
    const parsed = parseReport(process.cluster, text);
    if (parsed.ok) this.truthOf(process.cluster).addReported(parsed.value.records);
    else this.violate('I3', `${process.name} committed a report that cannot be read: ${parsed.why}`);
  }

  termLanded(process: Process, number: number, text: string): void {
    if (process.role === TWIN) return this.twinWrote(process, 'a term');
    judgeClaim(this, process, number, text);
  }

  /** After a round has logged `tags-changed`: every record must have been read again since this process's last write. */
  reconciledSaid(process: Process): void {
    const { round } = this.of(process);
    const lastWrite = Math.max(0, ...round.tagWrites.values());
    const own = round.pods?.answer.kind === 'known' ? round.pods.answer.value.map(({ record }) => record) : [];
    const holder = this.claims.at(-1)?.term.holder;
    const { sendsAge } = this.fleet.gitlab.hindrance(process.cluster).cache;
    // A copy that a proxy without Age keeps for no longer than that cannot be told from an answer of now.
    const keptMs = sendsAge ? 0 : 2 * this.timing.requestSeconds * 1000;
    for (const [id, cluster] of this.fleet.owners) {
      // An earlier record of its own is read only to see whether another stack has it.
      if (cluster === process.cluster && !own.includes(id)) continue;
      // An earlier record of the holder may keep the tags until it is gone.
      if (cluster === holder && !this.fleet.cluster(cluster).records.includes(id)) continue;
      const seen = round.records.get(id);
      // A record that this round does not know cannot be read.
      if (!seen || seen.answer.kind !== 'found') continue;
      if (seen.landedAt < lastWrite - keptMs)
        this.violate('I1', `${process.name} says it is done, and has not looked at record ${id} of ${cluster} again`);
    }
  }

  healthWritten(podName: string, before: Health | undefined, health: Health): void {
    const pod = this.fleet.clusters.flatMap((cluster) => cluster.pods).find((candidate) => candidate.name === podName);
    if (!pod) return;
    if (pod.manager.state !== 'up' || pod.manager.draining) this.unwell.set(podName, this.now);
    const unwellAt = this.unwell.get(podName) ?? Number.NEGATIVE_INFINITY;
    if (before?.ready === true && !health.ready && this.now - unwellAt > 200_000)
      this.violate('sidecar', `${podName} was made unready, and its runner is well: ${health.reason}`);
    if (!health.live && pod.manager.state === 'up')
      this.violate('sidecar', `${podName} would be restarted, and its runner is not stuck: ${health.reason}`);
  }

  /** Once a second. */
  sample(): void {
    const { fleet, now } = this;
    for (const cluster of fleet.clusters) {
      this.truthOf(cluster.name).add(cluster);
      const cut = fleet.gitlab.model.faults.all.some(
        (fault) => fault.token === cluster.name && fault.pathPrefix === '/jobs',
      );
      const isReadOnly = fleet.gitlab.model.faults.all.some(({ kind }) => kind === 'read-only');
      for (const pod of cluster.pods) {
        const { manager } = pod;
        const record = cluster.records.includes(pod.record) ? fleet.gitlab.runner(pod.record) : undefined;
        const isWell =
          manager.state === 'up' &&
          !manager.draining &&
          !manager.hasBadToken &&
          !cut &&
          !isReadOnly &&
          record !== undefined &&
          !record.paused;
        if (!isWell) this.unwell.set(pod.name, now);
      }
    }
    this.twins.sample();
    const holders = fleet.holders();
    this.continuous.sample(holders);
    this.outcome.sample(holders);
  }
}
