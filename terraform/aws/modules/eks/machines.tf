# Machines of pods. The group has limits, between which cluster-autoscaler moves (docs/decisions/0045).

resource "aws_iam_role" "machine" {
  name = "${var.name}-machine"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ec2.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "machine" {
  for_each = toset(["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly", "AmazonEKS_CNI_Policy"])

  role       = aws_iam_role.machine.name
  policy_arn = "arn:${var.account.partition}:iam::aws:policy/${each.key}"
}

resource "aws_launch_template" "machine" {
  name_prefix = "${var.name}-"

  # IMDSv2 only, and not from pods: the credentials of the machine are one hop away.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      encrypted   = true
      volume_type = "gp3"
      volume_size = var.machines.disk_gib
    }
  }

  monitoring {
    enabled = true
  }

  tag_specifications {
    resource_type = "instance"
    tags          = { Name = "${var.name}-machine" }
  }
}

resource "aws_eks_node_group" "this" {
  cluster_name           = aws_eks_cluster.this.name
  node_group_name_prefix = "${var.name}-"
  node_role_arn          = aws_iam_role.machine.arn
  subnet_ids             = var.private_subnet_ids
  ami_type               = "AL2023_x86_64_STANDARD"
  instance_types         = var.machines.instance_types
  capacity_type          = var.machines.capacity_type

  launch_template {
    id      = aws_launch_template.machine.id
    version = aws_launch_template.machine.latest_version
  }

  scaling_config {
    min_size     = var.machines.min
    max_size     = var.machines.max
    desired_size = var.machines.min
  }

  update_config {
    max_unavailable = 1
  }

  node_repair_config {
    enabled = true
  }

  # The autoscaler changes it.
  lifecycle {
    ignore_changes        = [scaling_config[0].desired_size]
    create_before_destroy = true
  }

  depends_on = [aws_iam_role_policy_attachment.machine, aws_eks_addon.before_machines]
}
