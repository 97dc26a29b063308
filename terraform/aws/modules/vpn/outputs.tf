output "tunnels" {
  description = "The four tunnels as the other side needs them: aws_tunnels of terraform/gcp"
  value = flatten([for key, connection in aws_vpn_connection.this : [
    {
      outside_address = connection.tunnel1_address
      inside_address  = connection.tunnel1_vgw_inside_address
      own_address     = connection.tunnel1_cgw_inside_address
      asn             = var.own_asn
    },
    {
      outside_address = connection.tunnel2_address
      inside_address  = connection.tunnel2_vgw_inside_address
      own_address     = connection.tunnel2_cgw_inside_address
      asn             = var.own_asn
    }
  ]])
}

output "secret_arns" {
  description = "Secrets with the pre-shared keys of each connection, in the order of the tunnels"
  value       = [for connection in aws_vpn_connection.this : connection.preshared_key_arn]
}
