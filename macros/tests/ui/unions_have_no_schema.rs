use kubegraft::KubeSchema;

#[derive(KubeSchema)]
union Bits {
    a: u32,
    b: f32,
}

fn main() {}
