"""The documents of all services fit into one."""

from collections import Counter

import pytest

from pfms_embedded.contracts import openapi_documents


@pytest.fixture(scope="module")
def services():
    return {path: each for path, each in openapi_documents().items() if path.startswith("openapi/")}


def test_a_component_name_means_one_thing_in_all_services(services):
    meanings: dict[tuple[str, str], list] = {}
    for document in services.values():
        for kind, named in document["components"].items():
            for name, content in named.items():
                known = meanings.setdefault((kind, name), [])
                if content not in known:
                    known.append(content)

    assert [name for name, contents in meanings.items() if len(contents) > 1] == []


def test_every_operation_of_the_clients_document_has_an_id_of_its_own():
    document = openapi_documents()["openapi.json"]
    ids = [operation.get("operationId") for item in document["paths"].values() for operation in item.values()]

    assert None not in ids
    assert [name for name, count in Counter(ids).items() if count > 1] == []


def test_every_operation_says_what_it_does_and_what_it_answers():
    document = openapi_documents()["openapi.json"]
    operations = [
        (f"{method} {path}", each)
        for path, item in document["paths"].items()
        for method, each in item.items()
    ]

    assert [name for name, each in operations if not each.get("summary")] == []
    assert [
        name for name, each in operations if not any(status < "400" for status in each["responses"])
    ] == []
