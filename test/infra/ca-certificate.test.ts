/** A private authority of GitLab's: what the config takes, and where the stack puts it. */
import assert from 'node:assert/strict';
import { parse } from 'smol-toml';
import * as z from 'zod';
import { CA_FILE } from '../../infra/kubernetes/paths.ts';
import { ConfigError, readSettings } from '../../infra/settings/settings.ts';
import { issue } from '../../lab/certificates.ts';
import { checkerConfigSchema, sidecarConfigSchema } from '../../runtime/config.ts';
import { dataOf, secretOf } from './read.ts';
import { runStack } from './stack.ts';

const ROOT = issue('root', 'authority');
const SUB = issue('sub', 'authority', ROOT);

const problems = (caCertificate: unknown): readonly string[] => {
  const gitlab = { url: 'https://gitlab.example.com', group: 'rnd', caCertificate };
  const raw = {
    fleet: '["cluster-a","cluster-b"]',
    mainTags: '["rnd-runner"]',
    ownTags: '["runner-a"]',
    gitlab: JSON.stringify(gitlab),
    gitlabToken: 'glpat-x',
    statusProject: '{"path":"rnd/runner-status"}',
    kubernetes: '{"context":"cluster-a"}',
  };
  try {
    assert.equal(readSettings(raw, 'cluster-a').gitlab.caCertificate, caCertificate);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems;
  }
  return [];
};

describe('gitlab.caCertificate', () => {
  const good: [string, string][] = [
    ['a certificate', ROOT.certificate],
    [
      'several, as openssl s_client writes them',
      ` 0 s:CN = sub\n${SUB.certificate} 1 s:CN = root\n${ROOT.certificate}---\n`,
    ],
    ['one with the line ends of Windows', ROOT.certificate.replaceAll('\n', '\r\n')],
  ];
  for (const [name, text] of good) it(`takes ${name}`, () => assert.deepEqual(problems(text), []));

  const bad: [string, unknown][] = [
    ['the path of a file', '/etc/ssl/gitlab-ca.pem'],
    [
      'text between the right lines that is no certificate',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    ],
    ['a certificate that was cut off', ROOT.certificate.slice(0, 200)],
    ['a key beside the certificate, which is not quoted', `${ROOT.certificate}${ROOT.key}`],
    ['nothing', ''],
  ];
  for (const [name, text] of bad)
    it(`refuses ${name}, and suggests a fix`, () => {
      const found = problems(text);
      assert.equal(found.length, 1, found.join('\n'));
      assert.match(
        found[0] ?? '',
        /^gitlab\.caCertificate: must be certificates in PEM.*give the certificate of the authority/,
      );
      assert.ok(!found[0]?.includes('PRIVATE') && !found[0]?.includes('MIG'));
    });

  it('reaches the runner, the sidecar and the checker', async () => {
    const caCertificate = ROOT.certificate;
    const stack = await runStack('cluster-b', {
      config: { gitlab: { url: 'https://gitlab.example.com', group: 'rnd', caCertificate } },
    });
    const { [CA_FILE]: file, 'config.toml': toml = '' } = secretOf(stack, 'runners-config-toml');
    assert.equal(file, caCertificate);
    const { runners } = z.object({ runners: z.tuple([z.looseObject({})]) }).parse(parse(toml));
    // Without a folder: the runner's working directory, to which `prepare` copies both.
    assert.equal(runners[0]['tls-ca-file'], CA_FILE);
    const checker = checkerConfigSchema.parse(JSON.parse(dataOf(stack, 'checker-config')['checker.json'] ?? ''));
    const sidecar = sidecarConfigSchema.parse(
      JSON.parse(dataOf(stack, 'runners-sidecar-config')['sidecar.json'] ?? ''),
    );
    assert.deepEqual([checker.gitlab.caCertificate, sidecar.gitlab.caCertificate], [caCertificate, caCertificate]);
  });
});
