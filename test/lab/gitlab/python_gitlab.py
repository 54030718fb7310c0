"""Points python-gitlab at the embedded GitLab: python_gitlab.py URL, the token in GITLAB_TOKEN."""

import os
import sys

import gitlab
from gitlab import exceptions as errors


def refused(kind, code, text, call):
    try:
        call()
    except kind as error:
        assert error.response_code == code and text in str(error), f"{error!r}"
    else:
        raise AssertionError(f"no {kind.__name__} where {code} {text} was due")


URL = sys.argv[1]
gl = gitlab.Gitlab(URL, private_token=os.environ["GITLAB_TOKEN"])
gl.auth()
group = gl.groups.get("platform")

# Runners: made, listed in pages, read, edited by attribute, paused, refused.
ids = [
    gl.user.runners.create(
        {"runner_type": "group_type", "group_id": group.id, "tag_list": f"own-{n}, more", "run_untagged": False}
    ).id
    for n in range(3)
]
assert [each.id for each in gl.runners_all.list(iterator=True, per_page=1)] == ids
assert [each.id for each in group.runners.list(tag_list=["own-1"], get_all=True)] == [ids[1]]
runner = gl.runners.get(ids[0])
assert runner.tag_list == ["own-0", "more"] and runner.status == "never_contacted"
runner.tag_list = [*runner.tag_list, "rnd-runner"]
runner.paused = True
runner.save()
again = gl.runners.get(ids[0])
assert again.tag_list == ["own-0", "more", "rnd-runner"] and again.paused and not again.active
assert [each.id for each in gl.runners_all.list(paused=True, get_all=True)] == [ids[0]]
again.tag_list = []
refused(errors.GitlabUpdateError, 400, "tags_list", again.save)
refused(errors.GitlabGetError, 404, "404 Runner Not Found", lambda: gl.runners.get(99999))
refused(errors.GitlabListError, 400, "does not have a valid value", lambda: gl.runners.list(status="sleepy"))

# A group's Maintainer reads its runners and may not edit them; a wrong token may nothing.
token = group.access_tokens.create(
    {"name": "reader", "scopes": ["manage_runner"], "access_level": 40, "expires_at": "2026-12-01"}
)
reader = gitlab.Gitlab(URL, private_token=token.token)
assert reader.runners.get(ids[0]).maintenance_note is None
refused(errors.GitlabUpdateError, 403, "No access granted", lambda: reader.runners.update(ids[0], {"locked": True}))
refused(errors.GitlabListError, 403, "insufficient_scope", lambda: reader.runners.list(get_all=True))
nobody = gitlab.Gitlab(URL, private_token="nonsense")
refused(errors.GitlabAuthenticationError, 401, "401 Unauthorized", lambda: nobody.projects.list(get_all=True))

# A token ends as its day begins, here today.
ended = group.access_tokens.create(
    {"name": "ended", "scopes": ["api"], "access_level": 40, "expires_at": "2026-03-01"}
)
assert not group.access_tokens.get(ended.id).active and group.access_tokens.get(token.id).active
late = gitlab.Gitlab(URL, private_token=ended.token)
refused(errors.GitlabAuthenticationError, 401, "invalid_token", lambda: late.projects.list(get_all=True))
token.delete()
refused(errors.GitlabAuthenticationError, 401, "invalid_token", lambda: reader.runners.get(ids[0]))

# A project: commits and files.
project = gl.projects.create({"name": "status", "namespace_id": group.id, "initialize_with_readme": True})
assert gl.projects.get("platform/status").id == project.id
create = {"action": "create", "file_path": "terms/1.json", "content": "{}"}
term = {"branch": "main", "commit_message": "Term 1", "actions": [create]}
made = project.commits.create(term)
assert project.commits.get(made.id).title == "Term 1"
refused(errors.GitlabCreateError, 400, "A file with this name already exists", lambda: project.commits.create(term))
readme = project.files.get("README.md", ref="main")
before = readme.last_commit_id
readme.content = "new\n"
readme.save(branch="main", commit_message="A page")
assert project.files.raw("README.md", ref="main") == b"new\n"
stale = {"branch": "main", "commit_message": "late", "content": "x", "last_commit_id": before}
refused(errors.GitlabUpdateError, 400, "has changed since", lambda: project.files.update("README.md", stale))
refused(errors.GitlabGetError, 404, "404 File Not Found", lambda: project.files.get("none", ref="main"))
paths = [each["path"] for each in project.repository_tree(recursive=True, get_all=True)]
assert paths == ["README.md", "terms", "terms/1.json"]
assert [each.title for each in project.commits.list(get_all=True)] == ["A page", "Term 1", "Initial commit"]

print("all as GitLab answers")
