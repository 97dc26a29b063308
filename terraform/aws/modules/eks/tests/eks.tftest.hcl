mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name               = "moleculer-commerce-test"
  account            = { id = "123456789012", region = "eu-central-1", partition = "aws" }
  vpc_id             = "vpc-0123456789abcdef0"
  private_subnet_ids = ["subnet-1", "subnet-2", "subnet-3"]
  machines           = { instance_types = ["t3.large"], capacity_type = "ON_DEMAND", min = 3, max = 6, disk_gib = 50 }
  cluster_key_arn    = "arn:aws:kms:eu-central-1:123456789012:key/cluster"
  secrets_key_arn    = "arn:aws:kms:eu-central-1:123456789012:key/secrets"
  secret_prefix      = "moleculer-commerce/test/"
  log_retention_days = 30
  logs_key_arn       = "arn:aws:kms:eu-central-1:123456789012:key/logs"
  identities = {
    notification = { namespace = "moleculer-commerce", service_account = "notification", policy = "{}" }
  }
}

run "the_endpoint_is_private_and_secrets_are_encrypted" {
  command = plan

  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_private_access && !aws_eks_cluster.this.vpc_config[0].endpoint_public_access
    error_message = "The cluster must be reached from the VPC only."
  }
  assert {
    condition     = aws_eks_cluster.this.encryption_config[0].provider[0].key_arn == var.cluster_key_arn && contains(aws_eks_cluster.this.encryption_config[0].resources, "secrets")
    error_message = "Secrets in the cluster must be encrypted with our key."
  }
  assert {
    condition     = aws_eks_cluster.this.access_config[0].authentication_mode == "API" && !aws_eks_cluster.this.access_config[0].bootstrap_cluster_creator_admin_permissions
    error_message = "Access must be by entries only, and the maker of the cluster gets none by itself."
  }
  assert {
    condition     = length(aws_eks_cluster.this.enabled_cluster_log_types) == 5 && aws_cloudwatch_log_group.control_plane.kms_key_id == var.logs_key_arn
    error_message = "All logs of the control plane must be kept, encrypted."
  }
  assert {
    condition     = aws_eks_cluster.this.deletion_protection
    error_message = "A cluster must be protected from deletion unless that is said."
  }
}

run "people_come_from_their_own_network" {
  command = apply

  variables {
    api_client_ranges = ["10.200.0.0/22"]
  }
  assert {
    condition     = [for rule in aws_vpc_security_group_ingress_rule.api : "${rule.security_group_id} ${rule.cidr_ipv4} ${rule.ip_protocol} ${rule.from_port}-${rule.to_port}"] == ["${output.pod_security_group_id} 10.200.0.0/22 tcp 443-443"]
    error_message = "The private endpoint must be open to that network, and to it only."
  }
}

run "everything_is_refused_as_a_network_of_people" {
  command = plan

  variables {
    api_client_ranges = ["10.200.0.0/22", "0.0.0.0/0"]
  }
  expect_failures = [var.api_client_ranges]
}

run "a_name_too_long_for_the_groups_of_machines_is_refused" {
  command = plan

  variables {
    name = "a12345678901234567890123456789012"
  }
  expect_failures = [var.name]
}

run "machines_give_their_credentials_to_no_pod" {
  command = plan

  assert {
    condition     = aws_launch_template.machine.metadata_options[0].http_tokens == "required" && aws_launch_template.machine.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "Machines must have IMDSv2 only, one hop away."
  }
  assert {
    condition     = aws_launch_template.machine.block_device_mappings[0].ebs[0].encrypted == "true"
    error_message = "Disks of machines must be encrypted."
  }
  assert {
    condition     = aws_eks_node_group.this.scaling_config[0].min_size == 3 && aws_eks_node_group.this.scaling_config[0].max_size == 6
    error_message = "The group of machines must have the limits that were given."
  }
}

run "add_ons_have_versions_and_network_policies_are_enforced" {
  command = plan

  variables {
    addon_versions = { coredns = "v1.13.1-eksbuild.1" }
  }

  assert {
    condition     = join(" ", sort(concat(keys(aws_eks_addon.before_machines), keys(aws_eks_addon.this)))) == "coredns eks-pod-identity-agent kube-proxy metrics-server vpc-cni"
    error_message = "The add-ons that the manifests need must be there, and no driver of volumes that none uses."
  }
  assert {
    condition     = jsondecode(aws_eks_addon.before_machines["vpc-cni"].configuration_values).enableNetworkPolicy == "true"
    error_message = "The network plugin must enforce network policies."
  }
  assert {
    condition     = alltrue([for addon in data.aws_eks_addon_version.this : addon.kubernetes_version == var.kubernetes_version]) && { for name, addon in merge(aws_eks_addon.before_machines, aws_eks_addon.this) : name => addon.addon_version if addon.addon_version != "v1.0.0-eksbuild.1" } == { coredns = "v1.13.1-eksbuild.1" }
    error_message = "Each add-on must have the default version of this Kubernetes, or that which was given."
  }
}

run "each_service_account_has_a_role_of_its_own" {
  command = apply

  assert {
    condition     = join(" ", keys(aws_eks_pod_identity_association.this)) == "cluster-autoscaler external-secrets load-balancer-controller notification"
    error_message = "There must be an identity for each service account that uses AWS."
  }
  assert {
    condition     = jsondecode(output.policies["external-secrets"]).Statement[0].Resource == ["arn:aws:secretsmanager:eu-central-1:123456789012:secret:moleculer-commerce/test/*"]
    error_message = "The External Secrets operator may read the secrets of this environment only."
  }
  assert {
    condition     = jsondecode(output.policies["cluster-autoscaler"]).Statement[2].Condition.StringEquals["aws:ResourceTag/k8s.io/cluster-autoscaler/moleculer-commerce-test"] == "owned"
    error_message = "The autoscaler may change groups of this cluster only."
  }
  assert {
    condition     = jsondecode(aws_iam_role.pod["notification"].assume_role_policy).Statement[0].Principal.Service == "pods.eks.amazonaws.com"
    error_message = "Roles of pods are for EKS Pod Identity only."
  }
}

run "with_volumes_there_is_their_driver" {
  command = plan

  variables {
    block_volumes = true
  }
  assert {
    condition     = contains(keys(aws_eks_addon.this), "aws-ebs-csi-driver") && contains(keys(aws_eks_pod_identity_association.this), "ebs-csi")
    error_message = "The driver of volumes needs an add-on and an identity."
  }
}

run "the_whole_internet_is_refused" {
  command = plan

  variables {
    public_access_cidrs = ["0.0.0.0/0"]
  }
  expect_failures = [var.public_access_cidrs]
}

run "a_single_machine_is_refused" {
  command = plan

  variables {
    machines = { instance_types = ["t3.large"], capacity_type = "ON_DEMAND", min = 1, max = 6, disk_gib = 50 }
  }
  expect_failures = [var.machines]
}
