"""What Redis says, held against what the players know."""


def texts(values):
    return {value.decode() for value in values}


def sets_in(ask, *kinds):
    keys = [key for kind in kinds for key in ask.scan_iter(f"jf:{kind}:*", count=1000)]
    return {key.decode(): texts(ask.smembers(key)) for key in keys}


def attributes_in(ask):
    """By id; without the empty name, which the node has written itself."""
    found = {}
    for key in ask.scan_iter("jf:c:*", count=1000):
        fields = ask.hgetall(key)
        found[key.decode()[5:]] = {k.decode(): v.decode() for k, v in fields.items() if k}
    return found


def sets_of(people, numbers):
    """As they should be, empty ones left out."""
    right = {}
    for person in people:
        right.setdefault(f"jf:n:{numbers[person.host]}", set()).add(person.id)
        for group in person.groups:
            right.setdefault(f"jf:cg:{person.id}", set()).add(f"$default/{group}")
            right.setdefault(f"jf:g:$default/{group}", set()).add(person.id)
    return right


def counts_of(people, numbers):
    """Of members by group and node."""
    right = {}
    for person in people:
        for group in person.groups:
            counts = right.setdefault(f"jf:gn:$default/{group}", {})
            number = numbers[person.host]
            counts[number] = counts.get(number, 0) + 1
    return right


def counts_in(ask):
    keys = list(ask.scan_iter("jf:gn:*", count=1000))
    return {
        key.decode(): {int(k): int(v) for k, v in ask.hgetall(key).items()} for key in keys
    }


def unlike(found, right):
    for key in found.keys() | right.keys():
        if found.get(key) != right.get(key):
            yield key


def differences(server, people, numbers):
    """Keys that are not as they should be; `numbers` are those of the hosts that live."""
    ask = server.ask()
    attributes = {person.id: person.attrs for person in people}
    return [
        *unlike(sets_in(ask, "n", "g", "cg"), sets_of(people, numbers)),
        *unlike(counts_in(ask), counts_of(people, numbers)),
        *(f"jf:c:{conn}" for conn in unlike(attributes_in(ask), attributes)),
    ]
