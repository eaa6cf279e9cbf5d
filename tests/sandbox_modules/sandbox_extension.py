"""An extension of a kernel, for the tests: its handlers by name."""

import json


def attach(context) -> dict:
    """What `cvcourse.grading.isolation` promises to call."""

    def describe(_: object) -> dict:
        return {"role": context.role, "sockets": len(context.sockets)}

    def ask(question: object) -> object:
        context.sockets[0].sendall(json.dumps(question).encode())
        return json.loads(context.sockets[0].recv(1000))

    def answer(_: object) -> None:
        question = json.loads(context.sockets[0].recv(1000))
        print("asked", question)
        context.sockets[0].sendall(json.dumps(context.shell.user_ns[question]).encode())

    def fail(text: object) -> None:
        raise ValueError(text)

    return {"describe": describe, "ask": ask, "answer": answer, "fail": fail}
