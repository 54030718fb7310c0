/** Checks each cluster as GitLab shows it: its report, its records, its lease, and whether it has the same main tags. */
import type { RecordFacts, MemberFacts, FleetFacts } from '../../core/model/facts.ts';
import { ageOf } from '../../core/model/lease.ts';
import { isFresh } from '../../core/decision/rivals.ts';
import { memberLease } from '../../core/model/member.ts';
import { canonical, roomForMainTags, sameTags } from '../../core/decision/tags.ts';
import { namesOf } from '../../names.ts';
import type { HadrConfig } from '../config.ts';
import { note, ok, unseen, wrong, type Finding } from './finding.ts';

const DELETE = 'delete it in the status project: its checker writes it again within a round';

export function filesFindings({ control, term }: FleetFacts): Finding[] {
  return [
    control.kind === 'found'
      ? ok('control.json', control.value.paused ? 'it says paused' : 'it can be read')
      : unseen(
          'control.json',
          control.kind === 'unknown' ? control.why : 'it does not exist',
          'correct it in the status project, or delete it: without it nothing is paused, pinned or retired',
        ),
    term.kind === 'term'
      ? ok('newest term', `${term.term.number}, the holder is ${term.term.holder}`)
      : term.kind === 'none'
        ? note(
            'newest term',
            'there is none: no cluster has held the main tags yet',
            'check that a checker runs in each cluster',
          )
        : unseen(
            'newest term',
            term.why,
            term.kind === 'damaged'
              ? 'nothing: its holder claims again, or another cluster does'
              : 'fix this and run hadr doctor again',
          ),
  ];
}

export function memberFindings(member: MemberFacts, config: HadrConfig): Finding[] {
  const { name, report, records, former } = member;
  const check = `report of ${name}`;
  if (report.kind === 'unknown') return [unseen(check, report.why, 'fix this and run hadr doctor again')];
  if (report.kind === 'unreadable') return [wrong(check, report.why, DELETE)];
  if (report.kind === 'absent')
    return [
      wrong(
        check,
        'it has never reported',
        `check its CronJob: kubectl get cronjob ${namesOf(name).checker}; and that statusProject is the same in every stack`,
      ),
    ];
  const { summary, ownTags, mainTags } = report.value;
  return [
    sameTags(mainTags, config.mainTags)
      ? ok(check, summary)
      : wrong(
          check,
          `its main tags are ${mainTags.join(', ')}, the config's ${config.mainTags.join(', ')}`,
          'give every stack the same mainTags, and run pulumi up',
        ),
    ...[...records, ...former].map((record) => recordFinding(name, record, ownTags, config)),
    leaseFinding(member, config),
    ...(report.value.warnings ?? []).map((warning) =>
      note(`warning of ${name}`, warning, 'do what it says; its checker checks again every round'),
    ),
  ];
}

function recordFinding(
  cluster: string,
  { id, read }: RecordFacts,
  ownTags: readonly string[],
  config: HadrConfig,
): Finding {
  const check = `record ${id} of ${cluster}`;
  if (read.kind === 'unknown')
    return unseen(check, read.why, 'use a token of an Owner of the group (Maintainer of the project)');
  if (read.kind === 'absent') return wrong(check, 'it does not exist in GitLab', `run pulumi up --stack ${cluster}`);
  const { tags, paused, note: text } = read.value;
  if (text === null)
    return note(
      check,
      'its note is not visible',
      'use a token that may edit it, or check that its checker runs: GitLab shows the note only to users who may edit the record',
    );
  if (paused)
    return wrong(
      check,
      'it is paused in GitLab: its runners take no jobs',
      'resume it under Runners in GitLab; while it is paused, another cluster takes the main tags',
    );
  const missing = canonical(ownTags).filter((tag) => !tags.includes(tag));
  if (missing.length > 0)
    return note(check, `it lacks ${missing.join(', ')}`, 'its checker adds them in its next round');
  if (!roomForMainTags(tags, ownTags, config.mainTags))
    return wrong(
      check,
      `it has ${tags.length} tags, and no room for the main tags`,
      'remove some of its tags: GitLab allows 50',
    );
  return ok(check, `tags ${canonical(tags).join(', ')}`);
}

function leaseFinding({ name, records }: MemberFacts, { timing }: HadrConfig): Finding {
  const check = `checker of ${name}`;
  const read = memberLease(name, records);
  const logs = `kubectl logs --selector app.kubernetes.io/component=checker,app.kubernetes.io/instance=${name}`;
  switch (read.kind) {
    case 'unknown':
      return unseen(check, read.why, 'fix this and run hadr doctor again');
    case 'gone':
      return wrong(check, 'it has no runner record', `run pulumi up --stack ${name}`);
    case 'none':
      return wrong(check, read.why, `read its log: ${logs}`);
    case 'lease':
      return isFresh(read, timing)
        ? ok(check, `it renewed its lease ${ageOf(read)} s ago`)
        : wrong(check, `it has not renewed its lease for ${ageOf(read)} s`, `read its log: ${logs}`);
  }
}
