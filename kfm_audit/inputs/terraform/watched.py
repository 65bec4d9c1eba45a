"""Resources of which no more is asked than whether they stay: those that metrics of AWS are about.

CloudWatch user guide and each service's page of metrics and dimensions; the attributes are those of Terraform's
AWS provider that hold the value of the dimension.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from kfm_audit.facts import Fact, WatchedResource
from kfm_audit.inputs.terraform.resources import Instance
from kfm_audit.values import known

_NAMED_BY: Final = {
    "aws_alb": "arn_suffix",
    "aws_alb_target_group": "arn_suffix",
    "aws_api_gateway_rest_api": "name",
    "aws_apigatewayv2_api": "id",
    "aws_autoscaling_group": "name",
    "aws_cloudfront_distribution": "id",
    "aws_db_instance": "identifier",
    "aws_docdb_cluster": "cluster_identifier",
    "aws_dynamodb_table": "name",
    "aws_ebs_volume": "id",
    "aws_ecs_cluster": "name",
    "aws_ecs_service": "name",
    "aws_efs_file_system": "id",
    "aws_elasticache_cluster": "cluster_id",
    "aws_elasticsearch_domain": "domain_name",
    "aws_elb": "name",
    "aws_emr_cluster": "id",
    "aws_glue_job": "name",
    "aws_instance": "id",
    "aws_kinesis_firehose_delivery_stream": "name",
    "aws_kinesis_stream": "name",
    "aws_lb": "arn_suffix",
    "aws_lb_target_group": "arn_suffix",
    "aws_mq_broker": "broker_name",
    "aws_msk_cluster": "cluster_name",
    "aws_nat_gateway": "id",
    "aws_neptune_cluster": "cluster_identifier",
    "aws_opensearch_domain": "domain_name",
    "aws_rds_cluster": "cluster_identifier",
    "aws_redshift_cluster": "cluster_identifier",
    "aws_s3_bucket": "bucket",
    "aws_sfn_state_machine": "arn",
}


def _reader(attribute: str) -> Callable[[Instance], Fact]:
    def read(at: Instance) -> Fact:
        return WatchedResource(
            subject=at.subject,
            origin=at.origin,
            stack=at.stack,
            change=at.change,
            name=known(at.attributes.text(attribute)) or "",
        )

    return read


WATCHED: Final[Mapping[str, Callable[[Instance], Fact]]] = {
    kind: _reader(attribute) for kind, attribute in _NAMED_BY.items()
}
"""The readers by resource type."""
