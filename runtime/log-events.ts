/**
 * Every event that checker and sidecar log. The names are stable: searches, alerts and tests use the event and the fields of a
 * line; the message is for people and may change.
 */
export const LOG_EVENTS = {
  // Checker: a run of the CronJob.
  'run-refused':
    'The preflight failed: a token lacks a right, two clusters share a record, or two stacks have one name.',
  'run-unfinished': 'The run ended, and none of its rounds was finished.',
  'run-crashed': 'The run ended by an unforeseen error. Fields: stack.',
  // Checker: a round.
  'round-finished': 'A round was finished. Fields: online, total, term, holder, did.',
  'round-unfinished': 'A round was not finished; the next one starts as planned.',
  'round-crashed': 'An unforeseen error ended a round; the next one starts as planned. Fields: stack.',
  'step-crashed': 'An unforeseen error ended the page or a notification; the round continues. Fields: step, stack.',
  'managers-not-polling':
    'Pods of an adopted Deployment are Ready, but do not ask GitLab for jobs. Fields: record, ready, heard.',
  'roll-call-started': 'This cluster calls the roll of the holder. Fields: rival.',
  'roll-call-ended': 'The reads around a roll call are complete. Fields: rival, answered, ownAnswered.',
  'roll-call-unknown': 'A roll call whose writes or reads failed: it proves nothing. Fields: rival.',
  'term-claimed': 'This cluster made the next term. Fields: term, holder, previous, ground.',
  'term-found': 'Another process made the term that this cluster wanted to claim. Fields as term-claimed.',
  'tags-changed': 'The tags of runner records were changed under the newest term. Fields: term, edits.',
  // Checker: what people read.
  'report-committed': 'The report of this cluster was committed to the status project. Fields: path.',
  'report-not-committed': 'The report of this cluster could not be committed. Fields: path.',
  'page-not-written': 'The page of the status project could not be written.',
  'token-expires': 'A token of this cluster expires soon.',
  'notification-failed': 'The webhook did not take a message.',
  'incident-opened':
    'No cluster can hold the main tags; an incident was opened in the status project. Fields: incident.',
  'incident-closed': 'A cluster can hold the main tags again; the incident was closed. Fields: incident.',
  'incident-refused': 'GitLab does not take incidents in the status project.',
  // Sidecar.
  'sidecar-started': 'The sidecar of a new pod started.',
  'sidecar-restarted': 'The sidecar started again in a pod that is older. Fields: ready.',
  'verdict-changed':
    'The runner is now online, offline or unknown for another reason. Fields: evidence, cause, ready, live.',
  'verdict-unchanged': 'The verdict has not changed for five minutes. Fields as verdict-changed.',
  'health-not-written': 'The health file could not be written; the probes read an old one.',
  'health-not-read': 'The health file of an earlier sidecar could not be read.',
  // Both.
  'metrics-served': 'The port of /metrics is open. Fields: port.',
  'metrics-not-served': 'The port of /metrics could not be opened. Fields: port.',
} as const satisfies Readonly<Record<string, string>>;

export type LogEvent = keyof typeof LOG_EVENTS;
