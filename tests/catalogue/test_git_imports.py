"""Templates come from a Git repository only as looked at, and never by themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from exercises import git_fetching
from exercises.domain.errors import Conflict, EngineError, Invalid, NotAllowed
from exercises.domain.git_sources import GitSource, read_origin
from exercises.domain.template_entry import entry_document
from exercises.models import TemplateVersion
from exercises.queries.catalogue import entry_of
from exercises.services.git_imports import FoundDocument, import_file, look
from exercises.services.template_imports import MAX_FILE_BYTES
from exercises.web.forms.template_starters import STARTERS
from tests import build
from tests.api.conftest import Caller, caller
from tests.cast import Cast
from tests.git_server import GitServer, serving_git

__all__ = ["caller"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> Iterator[GitServer]:
    with serving_git(tmp_path) as running:
        monkeypatch.setenv("GIT_SSL_CAINFO", str(running.certificate))
        for name in ("https_proxy", "HTTPS_PROXY"):
            monkeypatch.delenv(name, raising=False)
        settings.CHAOSPLANE_GIT_ORIGINS = [running.origin]
        yield running


def entry(slug: str = "from-git", **changes: Any) -> str:
    """A template file of ours, as another installation exports it."""
    document = entry_document(entry_of(build.template_version()))
    del document["digest"]
    return json.dumps(document | {"slug": slug, **changes})


def starter(engine: str) -> str:
    return json.dumps(STARTERS[engine][0])


def source(server: GitServer, **changes: str) -> GitSource:
    return GitSource(**{"url": server.url, **changes})


def documents(cast: Cast, where: GitSource) -> dict[str, FoundDocument]:
    return {one.path: one for one in look(actor=cast.actor("owner"), source=where).documents}


def test_a_look_says_what_each_file_would_become_and_imports_nothing(
    cast: Cast, server: GitServer
) -> None:
    commit = server.commit(
        {
            "chaos/a.json": entry(),
            "chaos/deep/b.json": starter("fis"),
            "chaos/c.json": starter("chaostoolkit"),
            "chaos/bad.json": '{"format": 1}',
            "chaos/torn.json": "{",
            "chaos/package.json": '{"name": "x"}',
            "chaos/read.md": "Not JSON",
            "elsewhere/d.json": entry("another"),
        }
    )
    before = TemplateVersion.objects.count()
    looked = look(actor=cast.actor("owner"), source=source(server, folder="chaos"))
    assert (looked.commit, looked.others) == (commit, 1)
    found = {one.path: (one.kind, one.state, one.may_import) for one in looked.documents}
    assert found == {
        "chaos/a.json": ("template", "new", True),
        "chaos/deep/b.json": ("fis", "new", True),
        "chaos/c.json": ("chaostoolkit", "new", True),
        "chaos/bad.json": ("", "unreadable", False),
        "chaos/torn.json": ("", "unreadable", False),
    }
    assert TemplateVersion.objects.count() == before
    assert len(documents(cast, source(server))) == 6


def test_a_template_is_imported_with_its_provenance_and_again_when_it_changed(
    cast: Cast, server: GitServer
) -> None:
    actor = cast.actor("owner")
    first = server.commit({"chaos/a.json": entry()})
    done = import_file(actor=actor, source=source(server), commit=first, path="chaos/a.json")
    assert isinstance(done, TemplateVersion)
    assert (done.template.slug, done.number, done.origin) == ("from-git", 1, "git")
    origin = read_origin(done.origin_detail)
    assert origin is not None
    assert (origin.url, origin.commit, origin.path) == (server.url, first, "chaos/a.json")
    assert documents(cast, source(server))["chaos/a.json"].state == "same"

    second = server.commit({"chaos/a.json": entry(hypothesis="If it stops, then it comes back.")})
    seen = documents(cast, source(server))["chaos/a.json"]
    assert (seen.state, [change.path for change in seen.changed]) == ("changed", ["hypothesis"])
    assert TemplateVersion.objects.filter(template=done.template).count() == 1
    with pytest.raises(Conflict, match="moved on"):
        import_file(actor=actor, source=source(server), commit=first, path="chaos/a.json")
    again = import_file(actor=actor, source=source(server), commit=second, path="chaos/a.json")
    assert isinstance(again, TemplateVersion)
    assert again.number == 2


def test_a_document_of_an_engine_opens_as_a_form_and_later_as_the_next_version(
    client: Client, cast: Cast, server: GitServer
) -> None:
    commit = server.commit({"stop.json": starter("fis")})
    client.force_login(cast.owner)
    where = {"url": server.url, "ref": "main", "folder": ""}
    page = client.post("/templates/import/git/", where | {"do": "look"}).content.decode()
    assert "Opens as a form for AWS FIS" in page
    asked = where | {"do": "import", "commit": commit, "path": "stop.json"}
    form = client.post("/templates/import/git/", asked)
    typed = form.context["typed"]
    sent = {key: typed[key] for key in ("definition", "origin", "engine")}
    sent |= {"parameters": json.dumps(STARTERS["fis"][1]), "name": "Stop", "slug": "stop"}
    sent |= {"failure_family": "instance-loss", "rung": "1"}
    assert client.post("/templates/new/", sent).status_code == 302
    version = TemplateVersion.objects.get(template__slug="stop")
    assert version.origin_detail == f"{server.url} {commit} stop.json"
    shown = client.get("/templates/stop/").content.decode()
    assert "Compare with its repository" in shown

    server.commit({"stop.json": starter("fis").replace("PT", "PT1H")})
    found = documents(cast, source(server))["stop.json"]
    assert (found.state, found.slug) == ("changed", "stop")
    asked["commit"] = look(actor=cast.actor("owner"), source=source(server)).commit
    again = client.post("/templates/import/git/", asked).content.decode()
    assert 'action="/templates/stop/versions/new/"' in again


def test_neither_symlinks_nor_submodules_nor_large_files_are_read(
    cast: Cast, server: GitServer
) -> None:
    server.commit({"a.json": entry(), "large.json": " " * (MAX_FILE_BYTES + 1)})
    (server.folder / "link.json").symlink_to("/etc/passwd")
    inner = server.git("rev-parse", "HEAD")
    server.git("update-index", "--add", "--cacheinfo", f"160000,{inner},module.json")
    server.git("add", "link.json", "large.json")
    server.git("commit", "--quiet", "--message", "Traps")
    looked = look(actor=cast.actor("owner"), source=source(server))
    assert [one.path for one in looked.documents] == ["a.json"]
    assert [text.split(":")[0] for text in looked.passed_over] == [
        "large.json", "link.json", "module.json",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"url": "http://localhost/x"}, "url", "starts with https://"),
        ({"url": "/etc"}, "url", "starts with https://"),
        ({"url": "file:///etc"}, "url", "starts with https://"),
        ({"url": "git@localhost:x"}, "url", "starts with https://"),
        ({"url": "ssh://localhost/x"}, "url", "starts with https://"),
        ({"url": "https://elsewhere.example/x"}, "url", "not among CHAOSPLANE_GIT_ORIGINS"),
        ({"url": "https://me:secret@localhost/x"}, "url", "without a name and password"),
        ({"url": "https://localhost/" + "x" * 150}, "url", "at most 150"),
        ({"ref": "--upload-pack=x"}, "ref", "a branch, a tag"),
        ({"ref": "a..b"}, "ref", "a branch, a tag"),
        ({"ref": "main:other"}, "ref", "a branch, a tag"),
        ({"folder": "../x"}, "folder", "a folder such as"),
        ({"folder": "-x"}, "folder", "a folder such as"),
        ({"folder": ".git"}, "folder", "a folder such as"),
        ({"folder": "nothing/here"}, "folder", "holds nothing"),
    ],
)
def test_what_is_named_wrongly_is_refused_by_field(
    cast: Cast, server: GitServer, given: dict[str, str], field: str, said: str
) -> None:
    server.commit({"a.json": entry()})
    with pytest.raises(Invalid) as error:
        look(actor=cast.actor("owner"), source=source(server, **given))
    assert error.value.problems[0][0] == field
    assert said in error.value.problems[0][1]


def test_what_git_cannot_read_is_said_in_its_words(cast: Cast, server: GitServer) -> None:
    server.commit({"a.json": entry()})
    with pytest.raises(EngineError, match="couldn't find remote ref"):
        look(actor=cast.actor("owner"), source=source(server, ref="no-such-branch"))
    with pytest.raises(EngineError, match="not found"):
        look(actor=cast.actor("owner"), source=source(server, url=f"{server.origin}/nothing"))


def test_bounds_of_size_time_and_number_are_kept(
    cast: Cast, server: GitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = cast.actor("owner")
    server.commit({f"{number}.json": "{}" for number in range(git_fetching.MOST_FILES + 1)})
    with pytest.raises(Invalid, match="at most 50"):
        look(actor=actor, source=source(server))
    with monkeypatch.context() as patch:
        patch.setattr(git_fetching, "MOST_LISTED", 100)
        patch.setattr(git_fetching._Git.run, "__kwdefaults__", {"most": 100})
        with pytest.raises(EngineError, match="more than can be listed"):
            look(actor=actor, source=source(server))
    with monkeypatch.context() as patch:
        patch.setattr(git_fetching, "MOST_BYTES", 512)
        with pytest.raises(EngineError, match="larger than"):
            look(actor=actor, source=source(server))
    with monkeypatch.context() as patch:
        patch.setattr(git_fetching, "SECONDS", 0.0)
        with pytest.raises(EngineError, match="took longer"):
            look(actor=actor, source=source(server))
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(EngineError, match="git is not installed"):
        look(actor=actor, source=source(server))


def test_only_who_publishes_may_look(cast: Cast, server: GitServer) -> None:
    with pytest.raises(NotAllowed):
        look(actor=cast.actor("leadership"), source=source(server))
    assert server.asked == []


def test_a_program_looks_imports_and_begins(cast: Cast, caller: Caller, server: GitServer) -> None:
    commit = server.commit({"a.json": entry(), "b.json": starter("chaostoolkit")})
    program = caller("owner")
    looked = program.post("/api/v1/template-repositories/", {"url": server.url}, "json").json()
    assert looked["commit"] == commit
    assert [(d["path"], d["state"], d["may_import"]) for d in looked["documents"]] == [
        ("a.json", "new", True), ("b.json", "new", True),
    ]  # fmt: skip
    take = {"url": server.url, "commit": commit}
    address = "/api/v1/template-repositories/import/"
    done = program.post(address, take | {"path": "a.json"}, "json").json()
    assert (done["published"]["number"], done["published"]["origin"]) == (1, "git")
    assert done["template"] == "from-git"
    begun = program.post(address, take | {"path": "b.json"}, "json").json()
    assert begun["published"] is None
    assert begun["beginning"]["engine"] == "chaostoolkit"
    wrong = program.post(address, take | {"path": "../b.json"}, "json")
    assert (wrong.status_code, "path" in wrong.content.decode()) == (422, True)


def test_without_an_allowed_host_the_page_says_who_names_them(client: Client, cast: Cast) -> None:
    client.force_login(cast.owner)
    page = client.get("/templates/import/git/").content.decode()
    assert "CHAOSPLANE_GIT_ORIGINS" in page
