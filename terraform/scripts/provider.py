"""A provider that has the schema of `hashicorp/aws`, and cannot call AWS.

Terraform checks a configuration against the schema, and `terraform test` replaces every call by a
mock, so that neither needs more. Planning or reading anything fails.
"""

import contextlib
import json
import os
import tempfile
from concurrent import futures
from pathlib import Path

import grpc
import tf.gen.tfplugin_pb2 as pb
import tf.gen.tfplugin_pb2_grpc as rpc
from tf.utils import read_dynamic_value

SOURCE = "hashicorp/aws"


class SchemaOnly(rpc.ProviderServicer):
    """Answers with schemas, and accepts what Terraform has checked against them."""

    def __init__(self, schemas):
        self.answer = pb.GetProviderSchema.Response(provider=schemas["provider"])
        for name, schema in schemas.items():
            kind = "aws_" + name.removeprefix("data-aws-").replace("-", "_")
            if name.startswith("data-aws-"):
                self.answer.data_source_schemas[kind].CopyFrom(schema)
            elif name != "provider":
                self.answer.resource_schemas[kind].CopyFrom(schema)

    def GetMetadata(self, request, context):
        return pb.GetMetadata.Response()

    def GetProviderSchema(self, request, context):
        return self.answer

    def ValidateProviderConfig(self, request, context):
        return pb.ValidateProviderConfig.Response()

    def ValidateResourceConfig(self, request, context):
        """Refuses values that only AWS gives; Terraform leaves that to the provider."""
        block = self.answer.resource_schemas[request.type_name].block
        given = read_dynamic_value(request.config)
        faults = [
            pb.Diagnostic(
                severity=pb.Diagnostic.ERROR,
                summary="Value for unconfigurable attribute",
                detail=f'Can\'t configure a value for "{it.name}": AWS decides it.',
            )
            for it in block.attributes
            if it.computed and not it.optional and given[it.name] is not None
        ]
        return pb.ValidateResourceConfig.Response(diagnostics=faults)

    def ValidateDataResourceConfig(self, request, context):
        return pb.ValidateDataResourceConfig.Response()

    def StopProvider(self, request, context):
        return pb.StopProvider.Response()


@contextlib.contextmanager
def serve(schemas):
    """Serves the schemas; gives the variable that makes Terraform use this provider."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    rpc.add_ProviderServicer_to_server(SchemaOnly(schemas), server)
    with tempfile.TemporaryDirectory() as folder:
        socket = str(Path(folder) / "provider")
        server.add_insecure_port(f"unix://{socket}")
        server.start()
        address = {
            "Protocol": "grpc",
            "ProtocolVersion": 6,
            "Pid": os.getpid(),
            "Test": True,
            "Addr": {"Network": "unix", "String": socket},
        }
        try:
            yield {"TF_REATTACH_PROVIDERS": json.dumps({SOURCE: address})}
        finally:
            server.stop(grace=None)
