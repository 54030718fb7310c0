"""Drives the embedded GitLab with python-gitlab, through every endpoint that the product calls.

python_gitlab.py URL GROUP, with an administrator's token in GITLAB_TOKEN. Ends with a line if each answer was GitLab's.
"""

import datetime
import os
import sys

import gitlab
from gitlab import exceptions as errors

URL, GROUP = sys.argv[1:3]


def refused(kind, code, text, call):
    try:
        call()
    except kind as error:
        assert error.response_code == code and text in str(error), f"{error!r}"
    else:
        raise AssertionError(f"no {kind.__name__}, expected {code} {text}")


def client(token):
    return gitlab.Gitlab(URL, private_token=token)


def days(count):
    return (datetime.date.today() + datetime.timedelta(days=count)).isoformat()


def runners(gl, group):
    """Records: made, listed in pages, read, edited by attribute, paused, refused, deleted."""
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
    runner.tag_list = [*runner.tag_list, "main"]
    runner.paused = True
    runner.save()
    again = gl.runners.get(ids[0])
    assert again.tag_list == ["own-0", "more", "main"] and again.paused and not again.active
    assert [each.id for each in gl.runners_all.list(paused=True, get_all=True)] == [ids[0]]
    again.tag_list = []
    refused(errors.GitlabUpdateError, 400, "tags_list", again.save)
    refused(errors.GitlabGetError, 404, "404 Runner Not Found", lambda: gl.runners.get(99999))
    refused(errors.GitlabListError, 400, "does not have a valid value", lambda: gl.runners.list(status="sleepy"))
    gl.runners.delete(ids[2])
    refused(errors.GitlabGetError, 404, "404 Runner Not Found", lambda: gl.runners.get(ids[2]))
    return ids[0]


def runner_itself(gl, group):
    """A runner's own calls: verify, a poll, its managers."""
    made = gl.user.runners.create({"runner_type": "group_type", "group_id": group.id, "tag_list": "own"})
    assert gl.http_post("/runners/verify", post_data={"token": made.token, "system_id": "r_1"})["id"] == made.id
    assert gl.runners.get(made.id).status == "never_contacted"
    info = {"version": "18.4.0", "platform": "linux", "architecture": "amd64"}
    poll = {"token": made.token, "system_id": "r_1", "info": info}
    assert gl.http_request("post", "/jobs/request", post_data=poll).status_code == 204
    (manager,) = gl.http_get(f"/runners/{made.id}/managers")
    assert (manager["system_id"], manager["version"], manager["status"]) == ("r_1", "18.4.0", "online")
    assert gl.runners.get(made.id).status == "online"
    assert gl.runners.get(made.id).jobs.list(get_all=True) == []


def tokens(gl, owner, kind, runner):
    """Tokens of a group or project: what each may do, how long it lives, rotation."""
    make = {"name": "reader", "scopes": ["manage_runner"], "access_level": 40, "expires_at": days(100)}
    token = owner.access_tokens.create(make)
    assert "reader" in [each.name for each in owner.access_tokens.list(get_all=True)]
    reader = client(token.token)
    refused(errors.GitlabListError, 403, "insufficient_scope", lambda: reader.runners.list(get_all=True))
    own = client(owner.access_tokens.create({**make, "scopes": ["api"]}).token)
    assert own.personal_access_tokens.get("self").scopes == ["api"]
    assert own.http_get("/user")["bot"]
    manager = (own.groups if kind == "group" else own.projects).get(owner.id, lazy=True).access_tokens
    refused(
        errors.GitlabCreateError,
        400,
        f"400 Bad request - User does not have permission to create {kind} access token",
        lambda: manager.create(make),
    )
    if kind == "group":
        # A group's Maintainer reads its runners, and may neither edit them nor see its tokens.
        assert reader.runners.get(runner).maintenance_note is None
        edit = lambda: reader.runners.update(runner, {"locked": True})
        refused(errors.GitlabUpdateError, 403, "No access granted", edit)
        refused(errors.GitlabAuthenticationError, 401, "401 Unauthorized", lambda: manager.list(get_all=True))
        refused(errors.GitlabAuthenticationError, 401, "401 Unauthorized", lambda: manager.get(token.id))
    # Rotation gives a new token and revokes the old one at once.
    old = token.id
    token.rotate(expires_at=days(200))
    assert token.id != old and token.expires_at == days(200)
    assert owner.access_tokens.get(old).revoked and owner.access_tokens.get(token.id).active
    refused(errors.GitlabAuthenticationError, 401, "invalid_token", lambda: reader.runners.get(runner))
    # A token ends as its day begins, here today; without a day it ends in a year.
    ended = owner.access_tokens.create({**make, "expires_at": days(0)})
    assert not owner.access_tokens.get(ended.id).active
    late = client(ended.token)
    refused(errors.GitlabAuthenticationError, 401, "invalid_token", lambda: late.runners.get(runner))
    endless = owner.access_tokens.create({"name": "endless", "scopes": ["api"], "access_level": 30})
    assert endless.expires_at == days(365)
    owner.access_tokens.delete(token.id)
    assert not owner.access_tokens.get(token.id).active
    refused(errors.GitlabGetError, 404, f"404 {kind} Access Token Not Found", lambda: owner.access_tokens.get(99999))


def project(gl, group):
    """A project with a protected branch."""
    made = gl.projects.create(
        {"name": "python", "path": "python", "namespace_id": group.id, "initialize_with_readme": True}
    )
    assert gl.projects.get(f"{GROUP}/python").id == made.id
    made.description = "status"
    made.save()
    made.protectedbranches.create({"name": "main", "push_access_level": 30, "allow_force_push": False})
    assert made.protectedbranches.get("main").push_access_levels[0]["access_level"] == 30
    branch = made.branches.get("main")
    assert branch.protected and branch.can_push
    made.protectedbranches.delete("main")
    refused(errors.GitlabGetError, 404, "404 Not found", lambda: made.protectedbranches.get("main"))
    return made


def files(made):
    """Commits and files: one creator wins, what is missing, what was changed in between."""
    create = {"action": "create", "file_path": "terms/1.json", "content": "{}"}
    term = {"branch": "main", "commit_message": "Term 1", "actions": [create]}
    commit = made.commits.create(term)
    assert made.commits.get(commit.id).title == "Term 1"
    refused(errors.GitlabCreateError, 400, "A file with this name already exists", lambda: made.commits.create(term))
    readme = made.files.get("README.md", ref="main")
    before = readme.last_commit_id
    readme.content = "new\n"
    readme.save(branch="main", commit_message="A page")
    assert made.files.raw("README.md", ref="main") == b"new\n"
    stale = {"branch": "main", "commit_message": "late", "content": "x", "last_commit_id": before}
    refused(errors.GitlabUpdateError, 400, "has changed since", lambda: made.files.update("README.md", stale))
    refused(errors.GitlabGetError, 404, "404 File Not Found", lambda: made.files.get("none", ref="main"))
    refused(errors.GitlabGetError, 404, "404 Commit Not Found", lambda: made.files.get("none", ref="missing"))
    paths = [each["path"] for each in made.repository_tree(recursive=True, get_all=True)]
    assert paths == ["README.md", "terms", "terms/1.json"]
    assert [each.title for each in made.commits.list(get_all=True)] == ["A page", "Term 1", "Initial commit"]
    assert [each.title for each in made.commits.list(query_parameters={"path": "terms/1.json"}, get_all=True)] == ["Term 1"]


def issues(made):
    """Incidents: opened, found by label, closed."""
    issue = made.issues.create({"title": "No cluster", "labels": "hadr-incident", "issue_type": "incident"})
    assert [each.iid for each in made.issues.list(state="opened", labels=["hadr-incident"], get_all=True)] == [issue.iid]
    issue.state_event = "close"
    issue.save()
    assert made.issues.list(state="opened", get_all=True) == []


def deletion(gl, made):
    """A deleted project is only marked."""
    gl.projects.delete(made.id)
    marked = gl.projects.get(made.id)
    assert marked.marked_for_deletion_on == days(0) and marked.path == f"python-deletion_scheduled-{made.id}"
    refused(errors.GitlabGetError, 404, "404 Project Not Found", lambda: gl.projects.get(f"{GROUP}/python"))
    marked.description = "changed"
    refused(errors.GitlabUpdateError, 403, "403 Forbidden", marked.save)


gl = client(os.environ["GITLAB_TOKEN"])
gl.auth()
assert gl.version()[0] == gl.http_get("/metadata")["version"]
stranger = client("nonsense")
refused(errors.GitlabAuthenticationError, 401, "401 Unauthorized", lambda: stranger.projects.list(get_all=True))
group = gl.groups.get(GROUP)
runner = runners(gl, group)
runner_itself(gl, group)
made = project(gl, group)
tokens(gl, group, "group", runner)
tokens(gl, made, "project", runner)
files(made)
issues(made)
deletion(gl, made)
print("each answer was as GitLab gives it")
