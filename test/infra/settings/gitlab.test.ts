import { TOKEN, refusalTests } from './values.ts';

describe('settings: GitLab, the status project and tokens', () =>
  refusalTests([
    {
      name: 'a URL without TLS',
      change: { gitlab: { url: 'http://gitlab.example.com', group: 'rnd' } },
      problems: [
        'gitlab.url: "http://gitlab.example.com" is not https; give https://gitlab.example.com (gitlab.allowHttp allows http in a lab)',
      ],
    },
    {
      name: 'http allowed without the lab flag',
      change: { gitlab: { url: 'http://gitlab.example.com', group: 'rnd', allowHttp: true } },
      problems: [
        'gitlab.allowHttp: true is only for a lab; remove it, or set lab to true if the tokens give access to nothing of value',
      ],
    },
    {
      name: 'a URL with a path',
      change: { gitlab: { url: 'https://gitlab.example.com/api/v4', group: 'rnd' } },
      problems: [
        'gitlab.url: "https://gitlab.example.com/api/v4" has a path after the host; give https://gitlab.example.com',
      ],
    },
    {
      name: 'a URL that is none',
      change: { gitlab: { url: 'gitlab', group: 'rnd' } },
      problems: ['gitlab.url: "gitlab" is not a web address; give one such as https://gitlab.example.com'],
    },
    {
      name: 'a URL with a password, which is not quoted',
      change: { gitlab: { url: `https://root:${TOKEN}@gitlab.example.com`, group: 'rnd' } },
      problems: ['gitlab.url: contains a user or a password; remove them'],
    },
    {
      name: 'no owner of the runners',
      change: { gitlab: { url: 'https://gitlab.example.com' } },
      problems: ['gitlab.group: is missing; name the group (or with gitlab.project the project) that owns the runners'],
    },
    {
      name: 'two owners of the runners',
      change: { gitlab: { url: 'https://gitlab.example.com', group: 'rnd', project: 7 } },
      problems: [
        'gitlab.project: 7 and gitlab.group "rnd" are both set, but a runner record has one owner; remove one of them',
      ],
    },
    {
      name: 'a group that is no path',
      change: { gitlab: { url: 'https://gitlab.example.com', group: '/rnd/' } },
      problems: ['gitlab.group: "/rnd/" must be a path such as platform/runners, or a numeric id'],
    },
    {
      name: 'no provisioning token',
      change: { gitlabToken: undefined },
      problems: ['gitlabToken: is missing; set it with: pulumi config set --secret gitlabToken'],
    },
    {
      name: 'a provisioning token with a line break, which is not quoted',
      change: { gitlabToken: `${TOKEN}\n` },
      problems: ['gitlabToken: must be a token without spaces or line breaks'],
    },
    {
      name: 'a runtime token with a blank, which is not quoted',
      change: { tokens: { fleet: `${TOKEN} ` } },
      problems: ['tokens.fleet: must be a token without spaces or line breaks'],
    },
    {
      name: 'a status project without its group',
      change: { statusProject: { path: 'runner-status' } },
      problems: [
        'statusProject.path: "runner-status" has no group; give the full path, such as platform/runner-status',
      ],
    },
    {
      name: 'a managed status project that is given by id',
      change: { statusProject: { path: 12, manage: true } },
      problems: ['statusProject.path: 12 is an id, but the stack that creates the project needs its path, group/name'],
    },
    {
      name: 'a token without the day of its end, and a day without a token',
      change: { tokens: { fleet: TOKEN, statusExpiresOn: '2027-01-31' } },
      problems: [
        'tokens.fleetExpiresOn: is missing; give the day on which tokens.fleet expires, as GitLab shows it, or never: the checkers warn before it',
        'tokens.statusExpiresOn: is set without tokens.status; set that too, or remove this',
      ],
    },
    {
      name: 'a day that there is not, and a token where a day belongs',
      change: {
        tokens: { fleet: TOKEN, fleetExpiresOn: '2027-02-29', status: '2027-01-31', statusExpiresOn: TOKEN },
      },
      problems: ['fleet', 'status'].map(
        (part) =>
          `tokens.${part}ExpiresOn: must be the day that GitLab shows for the token, such as 2027-01-31, or never`,
      ),
    },
    {
      name: 'a token that would be renewed every day',
      change: { tokens: { lifetimeDays: 90 } },
      problems: [
        'tokens.rotateBeforeDays: 90 must be less than tokens.lifetimeDays (90), or the token would be replaced every day',
      ],
    },
    {
      name: 'tokens that checkers would warn of all the time, and more than GitLab allows',
      change: { tokens: { rotateBeforeDays: 14, lifetimeDays: 401 } },
      problems: [
        'tokens.lifetimeDays: 401 must be at most 400',
        'tokens.rotateBeforeDays: 14 must be at least 15: checkers warn 14 days before a token expires',
      ],
    },
  ]));
