/** What the stack makes of its config. What it refuses is in the other tests of this folder. */
import assert from 'node:assert/strict';
import { clearTextWarnings } from '../../../infra/settings/clear-text.ts';
import { ConfigError, readSettings } from '../../../infra/settings/settings.ts';

import { ADOPTED, TOKEN, manyTags, problemsOf, rawOf, valid, type Values } from './values.ts';

describe('settings', () => {
  it('take the id of a record as text too, and check no replicas that they do not know', () => {
    const settings = readSettings(
      rawOf({ ...valid(), adopt: [{ ...ADOPTED, record: '12' }], policy: { minOnline: 5 } }),
      'cluster-a',
    );
    assert.deepEqual(settings.adopt, [ADOPTED]);
  });

  it('names all problems in one message, each once, and creates no settings', () => {
    assert.throws(
      () => readSettings(rawOf({ ...valid(), ownTags: [], mainTags: ['a', 'a'], gitlabToken: ' ' }), 'cluster-x'),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(
          error.message,
          [
            'The config of stack "cluster-x" has 4 problems; nothing was changed:',
            '  - mainTags: ["a","a"] must not name a tag twice',
            '  - ownTags: [] must name at least one tag',
            '  - gitlabToken: must be a token without spaces or line breaks',
            '  - fleet: ["cluster-a","cluster-b"] does not name this stack, "cluster-x"; add it, or select another stack',
          ].join('\n'),
        );
        return true;
      },
    );
  });

  it('quotes no secret that is not valid', () => {
    const secrets: Values = {
      gitlabToken: `${TOKEN} `,
      tokens: { fleet: [TOKEN], status: `${TOKEN}\t`, sidecar: 5 },
      runner: { cacheToml: `x = ${TOKEN}`, kubernetesToml: [TOKEN] },
      kubernetes: { context: 'cluster-a', kubeconfig: [TOKEN] },
    };
    const text = problemsOf(secrets).join('\n');
    assert.match(text, /gitlabToken.*\n(.*\n)*.*tokens\.fleet/);
    assert.doesNotMatch(text, new RegExp(TOKEN));
  });

  it('gives defaults that run to a config of the required keys alone', () => {
    const settings = readSettings(rawOf(valid()), 'cluster-a');
    assert.equal(settings.cluster, 'cluster-a');
    assert.equal(settings.preferred, false);
    assert.deepEqual(settings.gitlab, {
      url: 'https://gitlab.example.com',
      allowHttp: false,
      owner: { kind: 'group', ref: 'rnd' },
    });
    assert.equal(settings.runner.replicas, 2);
    assert.equal(settings.kubernetes.namespace, 'gitlab-runner');
    assert.equal(settings.kubernetes.jobNamespace, 'gitlab-runner-jobs');
    assert.equal(settings.kubernetes.server, 'https://kubernetes.default.svc');
    assert.equal(settings.timing.leaseSeconds, 60);
    assert.deepEqual(settings.statusProject, {
      manage: false,
      path: 'rnd/runner-status',
      branch: 'main',
      pushRole: 'developer',
    });
    assert.deepEqual(settings.log, { format: 'text' });
  });

  it('takes ids as text, as the CLI stores them, a final slash, and http and short times in a lab', () => {
    const settings = readSettings(
      rawOf({
        ...valid(),
        lab: true,
        gitlab: { url: 'http://127.0.0.1:8080/', allowHttp: true, project: '12' },
        timing: {
          roundSeconds: 1,
          startLagSeconds: 1,
          endMarginSeconds: 0.5,
          requestSeconds: 0.5,
          rollCallSeconds: 2.5,
          budgetSeconds: 4,
          leaseSeconds: 7,
          periodSeconds: 6,
          checkIntervalSeconds: 1,
          unhealthyIntervalSeconds: 1.5,
        },
      }),
      'cluster-a',
    );
    assert.deepEqual(settings.gitlab, {
      url: 'http://127.0.0.1:8080',
      allowHttp: true,
      owner: { kind: 'project', ref: 12 },
    });
  });

  it('keeps exactly 50 tags', () => assert.deepEqual(problemsOf({ ownTags: manyTags(49) }), []));

  it('is an error without a stack trace, which Pulumi would inspect for seconds', () => {
    assert.throws(
      () => readSettings(rawOf({ ...valid(), fleet: [] }), 'cluster-a'),
      (error) => error instanceof ConfigError && error.stack === error.message,
    );
  });

  it('warns of secrets in clear text, but not in a lab', () => {
    const webhook = 'https://hooks.example.com/T0/webhook-secret';
    const warnings = (change: Values, encrypted: readonly string[]) =>
      clearTextWarnings(readSettings(rawOf({ ...valid(), ...change }), 'cluster-a'), (key) => encrypted.includes(key));
    const secrets = { notify: { webhook }, tokens: { fleet: TOKEN, fleetExpiresOn: 'never' } };
    assert.deepEqual(warnings(secrets, []), [
      'notify.webhook: is in clear text in Pulumi.cluster-a.yaml; encrypt it with: pulumi config set --secret --path notify.webhook',
      'tokens.fleet: is in clear text in Pulumi.cluster-a.yaml; encrypt it with: pulumi config set --secret --path tokens.fleet',
    ]);
    assert.deepEqual(warnings(secrets, ['notify', 'tokens']), []);
    assert.deepEqual(warnings({ ...secrets, lab: true }, []), []);
    assert.deepEqual(warnings({}, []), []);
  });
});
