"""Calls to AWS, each of which can be shown before it is made, and what their errors mean."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import boto3
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

# Seconds between two looks at something that AWS works on.
PAUSE = 5

DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403", "Forbidden"}
EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
INVALID = {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"}
THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "SlowDown",
}

# The IAM actions of calls that have another name.
ACTIONS = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:HeadObject": "s3:GetObject and s3:ListBucket",
    "s3:PutObject": "s3:PutObject and s3:PutObjectTagging",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:GetObjectTagging": "s3:GetObjectVersionTagging",
    "s3:DeleteObjects": "s3:DeleteObjectVersion",
}


class Failure(Exception):
    """What went wrong and what to do about it; ends the command."""


class Refusal(Failure):
    """An error that AWS answered."""

    def __init__(self, call, error):
        answer = error.response["Error"]
        self.code = answer.get("Code", "")
        self.message = answer.get("Message", "")
        meant = meaning(call, self.code, self.message)
        super().__init__(f"{call.name} in {call.region}: {meant}")

    @property
    def is_absence(self):
        """Whether there is no such thing."""
        return self.code in {"404", "NoSuchBucket", "NotFound", "NoSuchKey"}

    @property
    def is_denial(self):
        """Whether the caller may not do this."""
        return self.code in DENIED


@dataclass(frozen=True)
class Call:
    """A call of an AWS service."""

    service: str
    region: str
    operation: str
    parameters: dict = field(default_factory=dict)
    # What is shown of a parameter instead of its value.
    shown: dict = field(default_factory=dict)

    @property
    def name(self):
        """The name as IAM and CloudTrail write it, mostly."""
        return f"{self.service}:{self.operation}"

    def __str__(self):
        words = (f"{key}={self.shown.get(key) or brief(value)}" for key, value in self.parameters.items())
        return " ".join([f"{self.name} {self.region}", *words])


def brief(value):
    """A parameter in one line: lists of keys and values as `Key=Value`."""
    if isinstance(value, bytes):
        return f"({len(value):,} bytes)"
    if isinstance(value, list):
        return "[" + ", ".join(brief(entry) for entry in value) + "]"
    if not isinstance(value, dict):
        return str(value)
    pair = [entry for key, entry in value.items() if key.endswith(("Key", "Value"))]
    if len(pair) == len(value) == 2:
        return f"{pair[0]}={pair[1]}"
    return "{" + ", ".join(f"{key}={brief(entry)}" for key, entry in value.items()) + "}"


@dataclass(frozen=True)
class Step:
    """A part of a plan: the calls that it makes, in order, and how it makes them."""

    run: Callable[["Aws"], None]
    changes: tuple[Call, ...] = ()
    # Made after the changes; they read, the first of them until AWS is done.
    reads: tuple[Call, ...] = ()
    # Made before the changes; they read.
    first: tuple[Call, ...] = ()
    # Whether the next steps can be carried out if this one fails.
    is_independent: bool = False

    def lines(self):
        """The calls as they are shown."""
        kinds = ["call"] * len(self.changes) + ["wait"] + ["read"] * len(self.reads)
        shown = [f"  read  {call}" for call in self.first]
        return shown + [f"  {kind}  {call}" for kind, call in zip(kinds, self.changes + self.reads)]


class Aws:
    """Makes the calls, with credentials, retries and endpoints as in other AWS tools."""

    def __init__(self, session, out, sleep=time.sleep):
        self.session = session
        self.out = out
        self.sleep = sleep
        self.clients = {}
        # A dry run shows the calls that read, too.
        self.shows_reads = False

    def say(self, line=""):
        """Prints a line at once: a wait may follow."""
        print(line, file=self.out, flush=True)

    def read(self, service, region, operation, **parameters):
        """Makes a call that changes nothing."""
        return self.look(Call(service, region, operation, parameters))

    def look(self, call):
        """Makes a call that changes nothing."""
        if self.shows_reads:
            self.say(f"  read  {call}")
        return self.make(call)

    def change(self, call):
        """Shows and makes a call that changes something; returns the answer."""
        self.say(f"  call  {call}")
        return self.make(call)

    def watch(self, call, seconds, done):
        """Repeats a call that reads until `done` returns something, or for so many seconds."""
        self.say(f"  wait  {call}")
        for _ in range(seconds // PAUSE):
            try:
                found = done(self.make(call))
            except Refusal as error:
                if error.code not in THROTTLED:
                    raise
                found = None
            if found is not None:
                return found
            self.sleep(PAUSE)
        return None

    def make(self, call):
        """Makes a call; its error says what to do."""
        try:
            return getattr(self.client(call), xform_name(call.operation))(**call.parameters)
        except ClientError as error:
            raise Refusal(call, error) from error
        except ResponseParserError as error:
            raise Failure(
                f"{call.name} in {call.region}: the answer is not one of AWS, maybe of a proxy: {error}"
            ) from error
        except BotoCoreError as error:
            raise Failure(f"{call.name} in {call.region}: {hint(error)}") from error

    def client(self, call):
        """The client of a service in a Region."""
        key = (call.service, call.region)
        if key not in self.clients:
            self.clients[key] = self.session.client(call.service, region_name=call.region)
        return self.clients[key]

    def pages(self, service, region, operation, member, **parameters):
        """The entries of all pages of a list."""
        found, token = [], {}
        while True:
            answer = self.read(service, region, operation, **parameters, **token)
            found.extend(answer.get(member, []))
            if not answer.get("NextToken"):
                return found
            token = {"NextToken": answer["NextToken"]}


def session(profile):
    """The credentials and settings that AWS tools find, of a profile if one is named."""
    try:
        return boto3.Session(profile_name=profile)
    except BotoCoreError as error:
        raise Failure(f"--profile: {error}") from error


def meaning(call, found, said):
    """The error of AWS, and what the user can do about it, if that does not depend on the call."""
    if found in DENIED:
        return f"access denied: {said}; allow the caller {ACTIONS.get(call.name, call.name)}"
    if found in EXPIRED:
        return "the credentials are expired: get new ones and run the same command again"
    if found in INVALID:
        return f"AWS does not know the credentials: {said}; if the Region is opt-in, enable it"
    if found in THROTTLED:
        return "AWS throttles the calls, also after retries; run the same command again, it continues"
    return f"{found}: {said}"


def hint(error):
    """What to do if AWS did not answer."""
    kind = type(error).__name__
    if kind in {"NoCredentialsError", "PartialCredentialsError"}:
        return f"{error}; set AWS_PROFILE or name a --profile"
    if "Token" in kind or "SSO" in kind:
        return f"{error}; run `aws sso login`"
    return str(error)
