/**
 * GitLab's edition. Since release 19.0 (plugin 10.1) the provider has different arguments for a protected branch on each edition,
 * and refuses wrong ones. An instance without a licence can be an Enterprise Edition, and gitlab.com is one.
 */
import * as gitlab from '@pulumi/gitlab';
import { Refusal } from '../settings/refusal.ts';

export type Edition = 'CE' | 'EE';

/** Read before any resource is declared: if GitLab does not answer, nothing is created. */
export async function findEdition(url: string, provider: gitlab.Provider): Promise<Edition> {
  try {
    const { enterprise } = await gitlab.getMetadata({ provider });
    return enterprise ? 'EE' : 'CE';
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Refusal(
      `gitlab.url, gitlabToken: could not read the edition of GitLab (GET ${url}/api/v4/metadata): ${why}. Nothing was changed. Check that this machine reaches gitlab.url, and that gitlabToken is valid and has the scope api.`,
    );
  }
}
