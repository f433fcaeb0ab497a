"""The code bucket of a Region: what is there, and the calls that create, fill and empty it."""

from dataclasses import dataclass

import stacks
from calls import Call, Failure, Refusal, Step
from template import CODE_BUCKET, Template

# The most objects that one call deletes.
BATCH = 1000

SHOWN = 10


@dataclass(frozen=True)
class Bucket:
    """A bucket that exists in this account."""

    name: str
    region: str
    account: str
    is_ours: bool

    def call(self, operation, **parameters):
        """A call on the bucket, which fails if the bucket belongs to another account."""
        given = {"Bucket": self.name, **parameters, "ExpectedBucketOwner": self.account}
        return Call("s3", self.region, operation, given)


def bucket_name(prefix, region):
    """The name that the template of the bucket gives it."""
    return f"{prefix}-{region}"


def stack_name(prefix):
    """The name of the bucket's stack."""
    return f"code-{prefix}"


def find(aws, account, region, prefix):
    """The bucket if it exists; one of another account is a failure."""
    name = bucket_name(prefix, region)
    unknown = Bucket(name, region, account, False)
    try:
        place = aws.look(unknown.call("HeadBucket")).get("BucketRegion", region)
    except Refusal as error:
        if error.is_absence:
            return None
        if error.is_denial:
            raise Failure(
                f"bucket `{name}` belongs to another account, or the caller lacks s3:ListBucket: "
                "allow that, or choose another bucket with --parameter CodeBucketPrefix=PREFIX"
            ) from error
        raise
    if place != region:
        raise Failure(
            f"bucket `{name}` is in {place}, and Lambda takes code only from its own Region: "
            "choose another bucket with --parameter CodeBucketPrefix=PREFIX"
        )
    return Bucket(name, region, account, is_tagged(aws, unknown))


def is_tagged(aws, bucket):
    """Whether this command created the bucket. CloudFormation gives it the tags of its stack."""
    try:
        found = aws.look(bucket.call("GetBucketTagging"))
    except Refusal as error:
        if error.code == "NoSuchTagSet":
            return False
        raise
    return stacks.is_ours(stacks.tags_of(found["TagSet"]))


def deployment(aws, account, region, prefix, organization, artifacts):
    """The steps after which the bucket exists and has the files; what is there stays."""
    bucket = find(aws, account, region, prefix)
    stack = stacks.find(aws, region, stack_name(prefix))
    if stack:
        stacks.require_ours(stack, CODE_BUCKET)
    made = creation(aws, bucket, stack, region, prefix, organization)
    target = bucket or Bucket(bucket_name(prefix, region), region, account, True)
    is_new = bucket is None or any(call.operation == "DeleteBucket" for step in made for call in step.changes)
    missing = [one for one in artifacts if is_new or not is_uploaded(aws, target, one)]
    return made + [upload(target, one) for one in missing]


def creation(aws, bucket, stack, region, prefix, organization):
    """The steps after which the bucket exists."""
    template = Template(CODE_BUCKET)
    given = {"CodeBucketPrefix": prefix, **({"OrganizationId": organization} if organization else {})}
    values = template.values(stack.parameters if stack else {}, given)
    create = stacks.created(region, stack_name(prefix), template, values)
    remove = [stacks.deletion(stack)] if stack else []
    if bucket is None:
        return [*remove, create]
    if stack and not stack.is_dead:
        return stacks.deployment(region, stack.name, template, values, stack)
    if not bucket.is_ours:
        aws.say(f"bucket `{bucket.name}` exists: it is used as it is, and never deleted")
        return remove
    # The bucket outlives its stack, if its creation failed or if it was being destroyed.
    if versions(aws, bucket):
        raise Failure(
            f"bucket `{bucket.name}` is left from a --destroy that did not end: run that again first"
        )
    return [*remove, bucket_deletion(bucket), create]


def is_uploaded(aws, bucket, artifact):
    """Whether the bucket has a file with the same checksum."""
    try:
        found = aws.look(bucket.call("HeadObject", Key=artifact.key, ChecksumMode="ENABLED"))
    except Refusal as error:
        if error.is_absence:
            return False
        raise
    return found.get("ChecksumSHA256") == artifact.checksum


def upload(bucket, artifact):
    """Uploads a file; S3 refuses it if the checksum is not that of what arrives."""
    key, value = (part.replace(":", "%3A").replace(" ", "%20") for part in stacks.CREATOR)
    call = bucket.call(
        "PutObject",
        Key=artifact.key,
        Body=artifact.content,
        ChecksumAlgorithm="SHA256",
        ChecksumSHA256=artifact.checksum,
        Tagging=f"{key}={value}",
    )
    return Step(lambda aws: aws.change(call), (call,))


def versions(aws, bucket, prefix=""):
    """Every version of every object, and every delete marker."""
    found, token = [], {}
    while True:
        call = bucket.call("ListObjectVersions", Prefix=prefix, **token)
        answer = aws.look(call)
        found += [(entry["Key"], entry["VersionId"], False) for entry in answer.get("Versions", [])]
        found += [(entry["Key"], entry["VersionId"], True) for entry in answer.get("DeleteMarkers", [])]
        if not answer.get("IsTruncated"):
            return found
        token = {
            "KeyMarker": answer["NextKeyMarker"],
            "VersionIdMarker": answer["NextVersionIdMarker"],
        }


def is_upload(aws, bucket, key, version):
    """Whether this command uploaded a version of an object."""
    found = aws.look(bucket.call("GetObjectTagging", Key=key, VersionId=version))
    return stacks.is_ours(stacks.tags_of(found["TagSet"]))


def destruction(aws, bucket):
    """The steps that delete our bucket; a failure if somebody else put something into it."""
    found = versions(aws, bucket)
    foreign = sorted(
        {
            key
            for key, version, is_marker in found
            if not is_marker and not is_upload(aws, bucket, key, version)
        }
    )
    if foreign:
        shown = ", ".join(f"`{key}`" for key in foreign[:SHOWN])
        rest = f" and {len(foreign) - SHOWN} more" if len(foreign) > SHOWN else ""
        raise Failure(
            f"bucket `{bucket.name}` has objects that this command did not upload: {shown}{rest}; "
            "nothing was deleted: move them away, then run the same command again"
        )
    pairs = [{"Key": key, "VersionId": version} for key, version, _ in found]
    batches = [pairs[start : start + BATCH] for start in range(0, len(pairs), BATCH)]
    return [object_deletion(bucket, batch) for batch in batches] + [bucket_deletion(bucket)]


def object_deletion(bucket, pairs):
    """Deletes versions of objects."""
    call = bucket.call("DeleteObjects", Delete={"Objects": pairs, "Quiet": True})

    def run(aws):
        refused = aws.change(call).get("Errors", [])
        if refused:
            first = refused[0]
            raise Failure(
                f"s3:DeleteObjects in {bucket.region}: `{first.get('Key')}` was not deleted: "
                f"{first.get('Code')}: {first.get('Message')}"
            )

    return Step(run, (call,))


def bucket_deletion(bucket):
    """Deletes an empty bucket; S3 refuses another one."""
    call = bucket.call("DeleteBucket")
    return Step(lambda aws: aws.change(call), (call,))
