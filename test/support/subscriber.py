"""A second, independent client of the gRPC interface, written from the comments in proto/ alone.

usage: subscriber.py DESCRIPTORS ADDRESS SERVICE_TOKEN

DESCRIPTORS is a FileDescriptorSet of the contract. Reads one command as a JSON line from standard input at a time, and
writes one JSON line for it:
  {"call": "TokenService/IsRevoked", "request": {...}}  any unary method  -> {"response": {...}} or {"status": "..."}
  {"watch": true}                                       begins to watch   -> {"lease": true} once it holds a lease
  {"check": "JTI", "kid": "KID"}                        as a subscriber        -> {"revoked": bool, "by": "memory" | "node"}
  {"state": true}                                       -> {"entries": n, "kids": [...], "position": n, "lease": bool}
  {"leave": true}                                       gives the lease back -> {"status": "OK"}
"""

import base64
import hashlib
import json
import math
import queue
import sys
import threading
import time

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

MASK = 0xFFFFFFFF


def rotate(value, by):
    return ((value << by) | (value >> (32 - by))) & MASK


def scramble(k):
    return (rotate((k * 0xCC9E2D51) & MASK, 15) * 0x1B873593) & MASK


def finish(h):
    h ^= h >> 16
    h = (h * 0x85EBCA6B) & MASK
    h ^= h >> 13
    h = (h * 0xC2B2AE35) & MASK
    return h ^ (h >> 16)


def hash_id(data):
    first, second = 0x9747B28C, 0x5BD1E995
    whole = len(data) // 4 * 4
    for at in range(0, whole, 4):
        k = scramble(int.from_bytes(data[at : at + 4], "little"))
        first = (rotate(first ^ k, 13) * 5 + 0xE6546B64) & MASK
        second = (rotate(second ^ k, 13) * 5 + 0xE6546B64) & MASK
    t = scramble(int.from_bytes(data[whole:], "big")) ^ len(data)
    return finish(first ^ t), finish(second ^ t) | 1


class Filter:
    def __init__(self, of_sessions, slice_end_ms, capacity):
        self.of_sessions = of_sessions
        self.slice_end_ms = slice_end_ms
        self.bits = 32 * math.ceil(capacity * 19.170116754734877 / 32)
        self.bytes = bytearray()

    def expect(self, more):
        if len(self.bytes) + len(more) > self.bits // 8:
            raise ValueError("bytes that do not fit")
        self.bytes += more

    def positions(self, subject):
        first, second = hash_id(subject)
        for i in range(13):
            yield int(((first + i * second) & MASK) * (self.bits / 2**32))

    def add(self, subject):
        for bit in self.positions(subject):
            self.bytes[bit >> 3] |= 1 << (bit & 7)

    def may_contain(self, subject):
        return all(self.bytes[bit >> 3] & (1 << (bit & 7)) for bit in self.positions(subject))


class Contract:
    """The methods of the contract, by name, with messages made at run time."""

    def __init__(self, descriptors, channel, token):
        self.channel = channel
        self.metadata = [("authorization", "Bearer " + token)]
        self.pool = descriptor_pool.DescriptorPool()
        files = descriptor_pb2.FileDescriptorSet.FromString(open(descriptors, "rb").read())
        for file in files.file:
            self.pool.Add(file)
        self.factory = message_factory.MessageFactory(self.pool)

    def message(self, name):
        return self.factory.GetPrototype(self.pool.FindMessageTypeByName("countersign.v1." + name))

    def method(self, path):
        service, method = path.split("/")
        found = self.pool.FindServiceByName("countersign.v1." + service).FindMethodByName(method)
        kind = self.channel.stream_stream if method == "WatchRevocations" else self.channel.unary_unary
        request, response = (self.factory.GetPrototype(of) for of in (found.input_type, found.output_type))
        call = kind(
            "/countersign.v1." + path,
            request_serializer=request.SerializeToString,
            response_deserializer=response.FromString,
        )
        return request, call

    def call(self, path, request):
        kind, call = self.method(path)
        return call(json_format.ParseDict(request, kind()), metadata=self.metadata, timeout=10)


class Subscriber:
    def __init__(self, contract):
        self.contract = contract
        self.request = contract.message("WatchRevocationsRequest")
        self.outgoing = queue.SimpleQueue()
        self.lock = threading.Lock()
        self.filters = []
        self.entries = 0
        self.kids = []
        self.slice_ms = 0
        self.position = None
        self.exact = set()
        self.uncertain = set()
        # No token that was issued until then is good: milliseconds since the Unix epoch.
        self.issued_until = self.issued_until_uncertain = -1
        self.renewals = {}
        self.lease_until = self.lease_until_wall = 0.0
        self.granted = threading.Event()
        self.left = threading.Event()
        self.ended = None

    def watch(self):
        self.outgoing.put(self.request(start={"edge_id": "python-edge"}))
        _, call = self.contract.method("RevocationService/WatchRevocations")
        self.stream = call(iter(self.outgoing.get, None), metadata=self.contract.metadata)
        threading.Thread(target=self.read, daemon=True).start()
        threading.Thread(target=self.renew_regularly, daemon=True).start()

    def renew(self):
        with self.lock:
            number = len(self.renewals) + 1
            self.renewals[number] = time.monotonic(), time.time()
            self.outgoing.put(self.request(renew={"number": number}))

    def renew_regularly(self):
        while not self.left.wait(0.5):
            self.renew()

    def read(self):
        try:
            for message in self.stream:
                with self.lock:
                    self.apply(message.WhichOneof("message"), message)
                if message.WhichOneof("message") == "snapshot_end":
                    self.renew()
            self.ended = "OK"
        except grpc.RpcError as error:
            self.ended = error.code().name
        self.left.set()

    def apply(self, kind, message):
        if kind == "started":
            self.slice_ms = message.started.slice_ms
        elif kind == "filter_start":
            start = message.filter_start
            self.entries += start.entries
            self.filters.append(Filter(start.of_sessions, start.slice_end_ms, start.capacity))
        elif kind == "filter_bytes":
            self.filters[-1].expect(message.filter_bytes.bytes)
        elif kind == "keys":
            self.kids = [key["kid"] for key in json.loads(message.keys.jwks)["keys"]]
        elif kind == "snapshot_end":
            self.position = message.snapshot_end.position
        elif kind == "revocations":
            self.add(message.revocations)
        elif kind == "lease":
            self.hold(message.lease)

    def add(self, revocations):
        if revocations.position <= self.position:
            raise ValueError("a position that does not increase")
        for entry in revocations.entries:
            self.entries += 1
            subject = bytes(entry.subject)
            if len(subject) == 27 and subject[:16] == bytes(16):
                moment = int.from_bytes(subject[16:22], "big")
                if entry.unconfirmed:
                    self.issued_until_uncertain = max(self.issued_until_uncertain, moment)
                else:
                    self.issued_until = max(self.issued_until, moment)
                continue
            # Kept exactly: these are few in a test.
            (self.uncertain if entry.unconfirmed else self.exact).add(subject)
        self.position = revocations.position
        self.outgoing.put(self.request(acknowledge={"position": self.position}))

    def hold(self, lease):
        # What arrives after `leave` grants nothing.
        if self.left.is_set():
            return
        if lease.lease_ms > 0:
            asked, asked_wall = self.renewals[lease.number]
            self.lease_until = asked + lease.lease_ms / 1000
            self.lease_until_wall = asked_wall + lease.lease_ms / 1000
            self.granted.set()

    def has_lease(self):
        return time.monotonic() < self.lease_until and time.time() < self.lease_until_wall

    def check(self, jti, kid):
        token = base64.urlsafe_b64decode(jti)
        key = hashlib.sha256(b"countersign signing key\0" + kid.encode()).digest()[:27]
        with self.lock:
            if self.has_lease():
                subjects = [token, token[:16], key]
                issued = int.from_bytes(token[16:22], "big")
                if issued <= self.issued_until or any(subject in self.exact for subject in subjects):
                    return {"revoked": True, "by": "memory"}
                may_be = issued <= self.issued_until_uncertain
                if not may_be and not any(self.may_contain(subject) for subject in subjects):
                    return {"revoked": False, "by": "memory"}
        answer = self.contract.call("TokenService/IsRevoked", {"jti": jti, "kid": kid})
        return {"revoked": answer.revoked, "by": "node"}

    def may_contain(self, subject):
        if subject in self.uncertain:
            return True
        of_sessions = len(subject) == 16
        return any(each.may_contain(subject) for each in self.filters if each.of_sessions == of_sessions)

    def leave(self):
        with self.lock:
            self.lease_until = 0.0
            self.left.set()
            self.outgoing.put(self.request(leave={}))
        while self.ended is None:
            time.sleep(0.005)
        return {"status": self.ended}


def main():
    descriptors, address, token = sys.argv[1:]
    contract = Contract(descriptors, grpc.insecure_channel(address), token)
    subscriber = Subscriber(contract)

    def answer(command):
        if "call" in command:
            try:
                response = contract.call(command["call"], command.get("request", {}))
            except grpc.RpcError as error:
                return {"status": error.code().name, "details": error.details()}
            return {"response": json_format.MessageToDict(response, including_default_value_fields=True)}
        if "watch" in command:
            subscriber.watch()
            return {"lease": subscriber.granted.wait(10)}
        if "check" in command:
            return subscriber.check(command["check"], command["kid"])
        if "state" in command:
            state = {"entries": subscriber.entries, "kids": subscriber.kids, "position": subscriber.position}
            return {**state, "lease": subscriber.has_lease(), "ended": subscriber.ended}
        return subscriber.leave()

    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


main()
